// The server over real sockets: framing, bodies both ways, negotiation that every route gets.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <thread>

#include "base/bytes.h"
#include "tests/web/server_fixture.h"
#include "web/gzip.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::HttpClient;

std::string pattern(size_t n) {
  std::string out(n, '\0');
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + i % 23);
  return out;
}

std::string sum_of(ByteView body) {
  return std::to_string(body.size()) + " " + std::to_string(crc32c(body));
}

std::string inflate_text(const std::string& zipped) {
  z_stream z{};
  inflateInit2(&z, 31);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zipped.data()));
  z.avail_in = static_cast<uInt>(zipped.size());
  std::string out(1 << 20, '\0');
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  return out;
}

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  HttpClient client(port());
  for (int i = 0; i < 3; ++i) {
    const HttpAnswer answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello local");
    EXPECT_EQ(answer.header("Content-Length"), "11");
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_FALSE(answer.header("Date").empty());
    EXPECT_EQ(answer.header("X-Request-Id").size(), 16u);
  }
  EXPECT_EQ(client.get("/hello", {{"X-Request-Id", "abc-1"}}).header("X-Request-Id"), "abc-1");
  EXPECT_EQ(client.get("/hello", {{"X-Request-Id", "a b"}}).header("X-Request-Id").size(), 16u);
}

TEST_F(ServerTest, RoutesByLongestLiteralAndDecodesOnce) {
  start();
  EXPECT_EQ(get("/echo/a%2Fb/c/d%2520/").body, "a/b|c/d%20");
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/nothing").header("Content-Type"), "application/problem+json");
  EXPECT_EQ(get("/echo/../hello").status, 400);
  EXPECT_EQ(get("/echo/%2e%2e/hello").status, 400);
  EXPECT_EQ(get("/hello%00").status, 400);
  EXPECT_EQ(get("/hello%zz").status, 400);
  EXPECT_EQ(get("/hello%4").status, 400);
  EXPECT_EQ(get("http://elsewhere/hello").status, 200);
}

TEST_F(ServerTest, WrongMethodSaysWhichAreAllowed) {
  start();
  const HttpAnswer answer = test::http(port(), "DELETE", "/hello");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ServerTest, N13HeadIsGetWithoutTheBody) {
  start();
  HttpClient client(port());
  for (const char* path : {"/hello", "/stream?bytes=70000", "/long?bytes=70000", "/json"}) {
    const HttpAnswer head = client.request("HEAD", path);
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_EQ(client.get("/hello").status, 200) << path;  // nothing was left on the wire
  }
  EXPECT_EQ(client.request("HEAD", "/stream?bytes=70000").header("Content-Length"), "70000");
}

TEST_F(ServerTest, StreamsWithAndWithoutLength) {
  start();
  HttpClient client(port());
  for (const size_t n : {0u, 1u, 4096u, 32768u, 32769u, 300'000u, 20'000'000u}) {
    const std::string query = "?bytes=" + std::to_string(n);
    const HttpAnswer known = client.get("/stream" + query);
    EXPECT_FALSE(known.chunked);
    EXPECT_TRUE(known.body == pattern(n)) << n;
    const HttpAnswer open = client.get("/long" + query);
    EXPECT_EQ(open.chunked, n >= 32768) << n;
    EXPECT_TRUE(open.body == pattern(n)) << n;
  }
}

TEST_F(ServerTest, SourceThatFailsLaterEndsTheConnectionWithoutAnEnd) {
  start();
  EXPECT_EQ(get("/broken?bytes=1000000").status, 0);
  EXPECT_EQ(get("/broken?bytes=10").status, 500);
}

TEST_F(ServerTest, ExceptionsBecome500) {
  start();
  const HttpAnswer answer = get("/throw");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("third party"), std::string::npos);
  EXPECT_EQ(get("/hello").status, 200);
}

TEST_F(ServerTest, TakesBodiesOfEverySizeAndFraming) {
  start();
  HttpClient client(port());
  for (const size_t n : {0u, 1u, 100u, 32768u, 1'000'000u, 30'000'000u}) {
    const std::string body = pattern(n);
    EXPECT_EQ(client.request("POST", "/sum", {}, body).body, sum_of(body));
    std::string chunked;
    size_t step = 1;
    for (size_t at = 0; at < n; at += step, step = step * 3 % 70'001 + 1) {
      const std::string piece = body.substr(at, step);
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      chunked += size + piece + "\r\n";
    }
    chunked += "0\r\nTrailer: dropped\r\n\r\n";
    const HttpAnswer answer =
        client.request("POST", "/sum", {{"Transfer-Encoding", "chunked"}}, chunked);
    EXPECT_EQ(answer.body, sum_of(body)) << n;
  }
}

TEST_F(ServerTest, ChunkedBodyInAnySplit) {
  start();
  const std::string head = "POST /sum HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "3;ext=1\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
  for (size_t cut = 0; cut <= body.size(); ++cut) {
    HttpClient client(port());
    client.send(head + body.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    client.send(body.substr(cut));
    EXPECT_EQ(client.receive().body, sum_of("abc0123456789")) << cut;
  }
  HttpClient client(port());
  for (const char c : head + body) client.send({&c, 1});
  EXPECT_EQ(client.receive().body, sum_of("abc0123456789"));
}

TEST_F(ServerTest, N12ExpectContinue) {
  start();
  HttpClient client(port());
  client.send("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive(false, true).status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, sum_of("abc"));
  // Refused before the body: the final answer comes at once.
  client.send(
      "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive(false, true).status, 413);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, BodyLimitBeforeAndWhileReading) {
  start();
  EXPECT_EQ(test::http(port(), "POST", "/small", {}, std::string(100, 'x')).status, 200);
  EXPECT_EQ(test::http(port(), "POST", "/small", {}, std::string(101, 'x')).status, 413);
  EXPECT_EQ(test::http(port(), "POST", "/small", {{"Transfer-Encoding", "chunked"}},
                       "65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n")
                .status,
            413);
  // X15: a length nobody will send costs nothing.
  HttpClient client(port());
  client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n\r\n0123456789");
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(ServerTest, UnwantedBodiesAreDroppedAndTheConnectionLives) {
  start();
  HttpClient client(port());
  EXPECT_EQ(client.request("POST", "/nothing", {}, std::string(60'000, 'x')).status, 404);
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_EQ(client.request("POST", "/nothing", {}, std::string(5'000'000, 'x')).status, 404);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, PeerThatLeavesMidBodyLeavesNoHandler) {
  start();
  {
    HttpClient client(port());
    client.send("POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc");
    for (int i = 0; i < 200 && seen_.body_bytes != 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(seen_.handlers, 1);
  }
  for (int i = 0; i < 400 && seen_.handlers != 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(seen_.handlers, 0);
}

TEST_F(ServerTest, Pipelining) {
  start();
  HttpClient client(port());
  std::string raw;
  for (int i = 0; i < 20; ++i) {
    raw += "GET /echo/n/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    raw += "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok\r\n";  // a stray line too
  }
  client.send(raw);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(client.receive().body, "n|" + std::to_string(i));
    EXPECT_EQ(client.receive().body, sum_of("ok"));
  }
}

TEST_F(ServerTest, Http10AndConnectionClose) {
  start();
  HttpClient old(port());
  old.send("GET /long?bytes=200000 HTTP/1.0\r\n\r\n");
  const HttpAnswer answer = old.receive();
  EXPECT_FALSE(answer.chunked);
  EXPECT_TRUE(answer.body == pattern(200'000));
  HttpClient kept(port());
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.receive().header("Connection"), "keep-alive");
  kept.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(kept.receive().header("Connection"), "close");
  EXPECT_TRUE(kept.at_end());
}

TEST_F(ServerTest, N13GzipWhenAskedForTextTypes) {
  start();
  const HttpAnswer plain = get("/json");
  EXPECT_EQ(plain.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("ETag"), "\"v1\"");
  const HttpAnswer zipped = get("/json", {{"Accept-Encoding", "deflate, gzip;q=0.5"}});
  EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
  EXPECT_EQ(zipped.header("ETag"), "\"v1-gzip\"");
  EXPECT_EQ(inflate_text(zipped.body), plain.body);
  EXPECT_TRUE(get("/json", {{"Accept-Encoding", "gzip;q=0"}}).header("Content-Encoding").empty());
  EXPECT_TRUE(
      get("/stream?bytes=9000", {{"Accept-Encoding", "gzip"}}).header("Content-Encoding").empty());
  for (const char* tag : {"\"v1\"", "W/\"v1\"", "\"v1-gzip\"", "\"x\", \"v1\"", "*"}) {
    EXPECT_EQ(get("/json", {{"If-None-Match", tag}}).status, 304) << tag;
  }
  EXPECT_EQ(get("/json", {{"If-None-Match", "\"v2\""}}).status, 200);
}

TEST_F(ServerTest, N12GzipBodiesOnlyWhenEnabled) {
  const std::string body = pattern(100'000), zipped = gzip(ByteView(body));
  start();
  EXPECT_EQ(test::http(port(), "POST", "/sum", {{"Content-Encoding", "gzip"}}, zipped).status, 415);
  ServerOptions options;
  options.request_gzip = true;
  options.upload_bytes_max = 200'000;
  start(options);
  EXPECT_EQ(test::http(port(), "POST", "/sum", {{"Content-Encoding", "gzip"}}, zipped).body,
            sum_of(body));
  EXPECT_EQ(test::http(port(), "POST", "/sum", {{"Content-Encoding", "gzip"}},
                       zipped.substr(0, zipped.size() - 9))
                .status,
            400);
  EXPECT_EQ(test::http(port(), "POST", "/sum", {{"Content-Encoding", "br"}}, zipped).status, 415);
  // X07: a bomb is over the limit when inflated, whatever its ratio.
  const std::string bomb = gzip(ByteView(std::string(50'000'000, '\0')));
  ASSERT_LT(bomb.size(), 300'000u);
  options.upload_bytes_max = 1'000'000;
  start(options);
  EXPECT_EQ(test::http(port(), "POST", "/sum", {{"Content-Encoding", "gzip"}}, bomb).status, 413);
}

TEST_F(ServerTest, N13RangesOnSingleParts) {
  start();
  const std::string whole = pattern(100'000);
  const HttpAnswer part = get("/file", {{"Range", "bytes=50000-50009"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.header("Content-Range"), "bytes 50000-50009/100000");
  EXPECT_EQ(part.body, whole.substr(50000, 10));
  EXPECT_EQ(get("/file", {{"Range", "bytes=-5"}}).body, whole.substr(99995));
  EXPECT_EQ(get("/file", {{"Range", "bytes=99990-"}}).body, whole.substr(99990));
  const HttpAnswer past = get("/file", {{"Range", "bytes=100000-"}});
  EXPECT_EQ(past.status, 416);
  EXPECT_EQ(past.header("Content-Range"), "bytes */100000");
  EXPECT_EQ(get("/file", {{"Range", "bytes=0-0"}, {"If-Range", "\"abc\""}}).status, 206);
  EXPECT_EQ(get("/file", {{"Range", "bytes=0-0"}, {"If-Range", "\"old\""}}).status, 200);
  EXPECT_EQ(get("/file", {{"If-None-Match", "\"abc\""}}).status, 304);
  EXPECT_EQ(get("/file", {{"If-Match", "\"old\""}}).status, 412);
  EXPECT_EQ(test::http(port(), "HEAD", "/file").header("Content-Length"), "100000");
}

TEST_F(ServerTest, N13CorsOnAnswersErrorsAndPreflight) {
  start();
  const HttpClient::Headers origin{{"Origin", "https://viewer.example"}};
  EXPECT_EQ(get("/hello", origin).header("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(get("/nothing", origin).header("Access-Control-Allow-Origin"), "*");
  EXPECT_NE(get("/hello", origin).header("Access-Control-Expose-Headers").find("ETag"),
            std::string::npos);
  const HttpAnswer preflight =
      test::http(port(), "OPTIONS", "/sum",
                 {{"Origin", "https://viewer.example"},
                  {"Access-Control-Request-Method", "POST"},
                  {"Access-Control-Request-Headers", "content-type, bad\tname, authorization"},
                  {"Authorization", "Bearer unknown"}});
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "content-type, authorization");
  ServerOptions options;
  options.cors_origins = "https://a.example https://b.example";
  start(options);
  EXPECT_EQ(get("/hello", {{"Origin", "https://b.example"}}).header("Access-Control-Allow-Origin"),
            "https://b.example");
  EXPECT_EQ(get("/hello", origin).header("Access-Control-Allow-Origin"), "");
}

TEST_F(ServerTest, CredentialsComeBeforeRoutes) {
  start();
  const HttpClient::Headers stranger{{"Authorization", "Bearer wrong"}};
  const HttpAnswer answer = get("/hello", stranger);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"medarc\"");
  EXPECT_EQ(get("/nothing", stranger).status, 401);
  EXPECT_EQ(get("/open", stranger).status, 200);
  EXPECT_EQ(get("/hello", {{"Authorization", "Bearer good"}}).status, 200);
}

TEST_F(ServerTest, X16HeaderValuesStayOnOneLine) {
  start();
  const HttpAnswer answer = get("/header?value=a%0d%0aSet-Cookie:%20x=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Set-Cookie"), "");
  EXPECT_EQ(answer.header("X-Given"), "a  Set-Cookie: x=1");
}

TEST_F(ServerTest, PagesCarryAPolicy) {
  start();
  EXPECT_NE(get("/page").header("Content-Security-Policy").find("default-src 'none'"),
            std::string::npos);
  EXPECT_EQ(get("/hello").header("Content-Security-Policy"), "");
}

TEST_F(ServerTest, Q13BaseUrlFollowsProxies) {
  start();
  EXPECT_EQ(get("/base", {{"Host", "pacs:81"}}).body, "http://pacs:81");
  EXPECT_EQ(get("/base", {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "a.example"}}).body,
            "https://a.example");
  EXPECT_EQ(get("/base", {{"Forwarded", "for=1.2.3.4;proto=https;host=\"b.example:8443\""}}).body,
            "https://b.example:8443");
  EXPECT_EQ(get("/base", {{"X-Forwarded-Host", "<script>"}}).body, "http://127.0.0.1");
}

}  // namespace
}  // namespace medarc::web
