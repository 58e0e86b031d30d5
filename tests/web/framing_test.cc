// Request smuggling (reliability): one framing rule. Each raw request is answered 400 and closed.
#include "tests/web/server_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::HttpClient;

struct Case {
  const char* name;
  std::string raw;
};

std::vector<Case> bad_requests() {
  const std::string get = "GET /hello HTTP/1.1\r\nHost: x\r\n",
                    post = "POST /sum HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  return {
      {"length and chunks",
       post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunks and length",
       post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"},
      {"two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
      {"two equal lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
      {"length list", post + "Content-Length: 3, 3\r\n\r\nabc"},
      {"signed length", post + "Content-Length: +3\r\n\r\nabc"},
      {"negative length", post + "Content-Length: -3\r\n\r\nabc"},
      {"hexadecimal length", post + "Content-Length: 0x3\r\n\r\nabc"},
      {"empty length", post + "Content-Length: \r\n\r\nabc"},
      {"fractional length", post + "Content-Length: 3.0\r\n\r\nabc"},
      {"length with a blank inside", post + "Content-Length: 3 3\r\n\r\nabc"},
      {"overflowing length", post + "Content-Length: 99999999999999999999999\r\n\r\nabc"},
      {"blank before the colon", post + "Content-Length : 3\r\n\r\nabc"},
      {"tab before the colon", post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"},
      {"folded header", get + "X-A: 1\r\n folded\r\n\r\n"},
      {"header that begins with a tab", "GET /hello HTTP/1.1\r\n\tHost: x\r\n\r\n"},
      {"bare line feeds", "GET /hello HTTP/1.1\nHost: x\n\n"},
      {"one bare line feed", "GET /hello HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n"},
      {"bare carriage return", get + "X-A: 1\rX-B: 2\r\n\r\n"},
      {"NUL in a value", get + "X-A: 1" + std::string(1, '\0') + "2\r\n\r\n"},
      {"NUL in a name", get + "X" + std::string(1, '\0') + "A: 1\r\n\r\n"},
      {"header without a colon", get + "X-A\r\n\r\n"},
      {"header without a name", get + ": 1\r\n\r\n"},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n"},
      {"two hosts", get + "Host: y\r\n\r\n"},
      {"host with a path", "GET /hello HTTP/1.1\r\nHost: x/y\r\n\r\n"},
      {"host with credentials", "GET /hello HTTP/1.1\r\nHost: a@x\r\n\r\n"},
      {"coding unknown", post + "Transfer-Encoding: gzip\r\n\r\n"},
      {"coding list", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"coding twice",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"coding twice in one", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      {"coding with a prefix", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
      {"coding identity", post + "Transfer-Encoding: identity\r\n\r\n"},
      {"coding quoted", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
      {"coding with a vertical tab", post + "Transfer-Encoding: \x0b"
                                            "chunked\r\n\r\n0\r\n\r\n"},
      {"coding in HTTP/1.0", "POST /sum HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"empty coding", post + "Transfer-Encoding: \r\n\r\n"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"version 1.2", "GET /hello HTTP/1.2\r\nHost: x\r\n\r\n"},
      {"lower-case version", "GET /hello http/1.1\r\nHost: x\r\n\r\n"},
      {"no version", "GET /hello\r\nHost: x\r\n\r\n"},
      {"two blanks", "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"blank in the target", "GET /hel lo HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"tab in the request line", "GET\t/hello HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"trailing blank", "GET /hello HTTP/1.1 \r\nHost: x\r\n\r\n"},
      {"method with a colon", "GE:T /hello HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"target outside ASCII", "GET /h\xC3\xA9llo HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7)},
      {"chunk size no number", chunked + "xyz\r\nabc\r\n0\r\n\r\n"},
      {"chunk size empty", chunked + "\r\nabc\r\n0\r\n\r\n"},
      {"chunk size negative", chunked + "-3\r\nabc\r\n0\r\n\r\n"},
      {"chunk size with 0x", chunked + "0x3\r\nabc\r\n0\r\n\r\n"},
      {"chunk size with a plus", chunked + "+3\r\nabc\r\n0\r\n\r\n"},
      {"chunk size overflow", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n"},
      {"chunk longer than its size", chunked + "3\r\nabcd\r\n0\r\n\r\n"},
      {"chunk ended by a bare line feed", chunked + "3\r\nabc\n0\r\n\r\n"},
      {"chunk size ended by a bare line feed", chunked + "3\nabc\r\n0\r\n\r\n"},
      {"chunk with a blank before its size", chunked + " 3\r\nabc\r\n0\r\n\r\n"},
      {"endless chunk extension",
       chunked + "3;" + std::string(20'000, 'x') + "\r\nabc\r\n0\r\n\r\n"},
      {"endless trailer", chunked + "0\r\nX: " + std::string(20'000, 'x')},
  };
}

class Framing : public ServerTest {};

TEST_F(Framing, R12EveryAmbiguousRequestIs400AndClosed) {
  start();
  const auto cases = bad_requests();
  ASSERT_GE(cases.size(), 55u);
  for (const Case& one : cases) {
    HttpClient client(port(), 3000);
    // What follows would be a second, smuggled request.
    client.send(one.raw + "GET /hello HTTP/1.1\r\nHost: smuggled\r\n\r\n");
    const HttpAnswer answer = client.receive();
    EXPECT_EQ(answer.status, 400) << one.name;
    EXPECT_EQ(answer.header("Connection"), "close") << one.name;
    EXPECT_TRUE(client.at_end()) << one.name;
  }
  EXPECT_EQ(seen_.handlers, 0);
  EXPECT_EQ(get("/hello").status, 200);
}

TEST_F(Framing, R12TheSameCasesByteByByte) {
  start();
  for (const Case& one : bad_requests()) {
    if (one.raw.size() > 2000) continue;
    HttpClient client(port(), 3000);
    for (const char c : one.raw) {
      if (!client.send({&c, 1})) break;
    }
    client.send("\r\n\r\n");
    const int status = client.receive().status;
    EXPECT_TRUE(status == 400) << one.name << " " << status;
  }
}

TEST_F(Framing, LenientWhereItIsSafe) {
  start();
  const std::vector<Case> good = {
      {"empty line before", "\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"blanks around a value", "GET /hello HTTP/1.1\r\nHost: \t x \t\r\n\r\n"},
      {"no blank after the colon", "GET /hello HTTP/1.1\r\nHost:x\r\n\r\n"},
      {"any case", "GET /hello HTTP/1.1\r\nhOsT: x\r\n\r\n"},
      {"UTF-8 in a value", "GET /hello HTTP/1.1\r\nHost: x\r\nX-A: \xC3\xA9\r\n\r\n"},
      {"empty value", "GET /hello HTTP/1.1\r\nHost: x\r\nX-A:\r\n\r\n"},
      {"length zero", "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const Case& one : good) {
    HttpClient client(port(), 3000);
    client.send(one.raw);
    EXPECT_EQ(client.receive().status, 200) << one.name;
  }
}

TEST_F(Framing, LongHeadsAre431) {
  ServerOptions options;
  options.header_bytes_max = 2000;
  start(options);
  EXPECT_EQ(get("/hello", {{"X-Long", std::string(1800, 'x')}}).status, 200);
  EXPECT_EQ(get("/hello", {{"X-Long", std::string(2000, 'x')}}).status, 431);
  HttpClient client(port());
  client.send("GET /" + std::string(1 << 20, 'x'));
  EXPECT_EQ(client.receive().status, 431);
}

}  // namespace
}  // namespace medarc::web
