// Medarc as HTTP client: heads, bodies that are taken as they come, and what ends an exchange.
#include "web/client/http_client.h"

#include <gtest/gtest.h>

#include "tests/web/client/scripted_server.h"

namespace medarc::web {
namespace {

class HttpClientTest : public testing::Test {
 protected:
  // The answer to one request, from a server that says `raw`.
  Result<ClientAnswer> ask(const std::string& raw, const BodyTaker& taker = {},
                           const std::string& method = "GET") {
    ScriptedServer server([&](const ScriptedRequest&) { return raw; });
    dicom::WebDestination to;
    to.host = "127.0.0.1";
    to.port = server.port();
    to.timeout_ms = 5'000;
    to.answer_timeout_ms = 5'000;
    dicom::ul::Signal stop;
    MEDARC_ASSIGN(auto connection, HttpConnection::open(to, stop));
    StringSource nothing{Bytes()};
    auto answer = connection->exchange({method, "/x", {}, 0}, nothing, taker);
    reusable_ = connection->reusable();
    return answer;
  }
  // The answer of `server` to a body of `bytes`; what of it was read into sent_.
  Result<ClientAnswer> send(const ScriptedServer& server, uint64_t bytes, bool ask_first) {
    struct Source final : public ByteSource {
      Source(uint64_t bytes, uint64_t& read) : left(bytes), taken(read) {}
      Result<size_t> read(char* out, size_t capacity) override {
        const size_t n = std::min<uint64_t>(capacity, left);
        std::fill_n(out, n, 'x');
        left -= n;
        taken += n;
        return n;
      }
      uint64_t left;
      uint64_t& taken;
    };
    dicom::WebDestination to;
    to.host = "127.0.0.1";
    to.port = server.port();
    to.timeout_ms = 5'000;
    to.answer_timeout_ms = 20'000;
    dicom::ul::Signal stop;
    MEDARC_ASSIGN(auto connection, HttpConnection::open(to, stop));
    sent_ = 0;
    Source source(bytes, sent_);
    auto answer = connection->exchange({"PUT", "/x", {}, bytes, ask_first}, source);
    reusable_ = connection->reusable();
    return answer;
  }
  static std::string answer_of(const std::string& body, const std::string& more = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
           "\r\n" + body;
  }
  bool reusable_ = false;
  uint64_t sent_ = 0;
};

constexpr const char* kRefusal =
    "HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n";

struct FailingSink final : public ByteSink {
  Status write(ByteView) override { return make_error(Code::exhausted, "full"); }
};

TEST_F(HttpClientTest, FieldsAreFoundInAnyCase) {
  const auto answer = ask(answer_of("abc", "X-One: 1\r\nContent-Type: text/plain\r\n"));
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->body, "abc");
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->header("x-one"), "1");
  EXPECT_EQ(answer->header("X-Two"), "");
  EXPECT_TRUE(reusable_);
}

TEST_F(HttpClientTest, ABodyIsTakenAsItComesAndMayBeLong) {
  Bytes body(20u << 20, '\0');  // more than is held
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 1000);
  StringSink sink;
  int asked = 0;
  const auto answer = ask(answer_of(body, "ETag: \"a\"\r\n"), [&](const ClientAnswer& head) {
    ++asked;
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("ETag"), "\"a\"");
    EXPECT_TRUE(head.body.empty());
    return &sink;
  });
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(sink.text == body);
  EXPECT_TRUE(answer->body.empty());
  EXPECT_TRUE(reusable_);
}

TEST_F(HttpClientTest, ChunksAreJoined) {
  const std::string raw =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
  StringSink sink;
  const auto taken = ask(raw, [&](const ClientAnswer&) { return &sink; });
  ASSERT_TRUE(taken.has_value()) << taken.error().text;
  EXPECT_EQ(sink.text, "abcdefg");
  const auto held = ask(raw);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->body, "abcdefg");
}

TEST_F(HttpClientTest, WhatIsNotTakenIsHeldWithinItsLimit) {
  const BodyTaker nobody = [](const ClientAnswer&) -> ByteSink* { return nullptr; };
  const auto held = ask(answer_of("abc"), nobody);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->body, "abc");
  const Bytes large(HttpConnection::kBodyBytesMax + 1, 'x');
  EXPECT_EQ(ask(answer_of(large), nobody).error().code, Code::too_large);
  EXPECT_EQ(ask(answer_of(large)).error().code, Code::too_large);
}

TEST_F(HttpClientTest, ASinkThatFailsEndsTheExchange) {
  FailingSink sink;
  const auto answer = ask(answer_of("abc"), [&](const ClientAnswer&) { return &sink; });
  EXPECT_EQ(answer.error().code, Code::exhausted);
  EXPECT_FALSE(reusable_);
}

TEST_F(HttpClientTest, AnswersToHeadHaveNoBody) {
  const auto answer =
      ask("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nUpload-Offset: 7\r\n\r\n", {}, "HEAD");
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->header("Upload-Offset"), "7");
  EXPECT_TRUE(reusable_);
}

TEST_F(HttpClientTest, InterimAnswersArePassedOver) {
  StringSink sink;
  const auto answer =
      ask("HTTP/1.1 100 Continue\r\n\r\n" + answer_of("abc"), [&](const ClientAnswer& head) {
        EXPECT_EQ(head.status, 200);
        return &sink;
      });
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(sink.text, "abc");
}

TEST_F(HttpClientTest, WhoAsksFirstSendsNoBodyThatIsNotWanted) {
  const auto never = [](const ScriptedRequest&) { return std::string(); };
  ScriptedServer refusing(never, [](const std::string& head) {
    EXPECT_NE(head.find("Expect: 100-continue\r\n"), std::string::npos) << head;
    return std::string(kRefusal);
  });
  const auto refused = send(refusing, 1'000'000, true);
  ASSERT_TRUE(refused.has_value()) << refused.error().text;
  EXPECT_EQ(refused->status, 409);
  EXPECT_EQ(refused->body, "no\n");
  EXPECT_EQ(sent_, 0u);
  EXPECT_FALSE(reusable_);

  const auto script = [](const ScriptedRequest& request) {
    EXPECT_EQ(request.body.size(), 1'000'000u);
    return answer_of("abc");
  };
  ScriptedServer taking(
      script, [](const std::string&) { return std::string("HTTP/1.1 100 Continue\r\n\r\n"); });
  const auto taken = send(taking, 1'000'000, true);
  ASSERT_TRUE(taken.has_value()) << taken.error().text;
  EXPECT_EQ(taken->body, "abc");
  EXPECT_EQ(sent_, 1'000'000u);
  EXPECT_TRUE(reusable_);

  ScriptedServer silent(script);  // until it has the body
  const auto unheard = send(silent, 1'000'000, true);
  ASSERT_TRUE(unheard.has_value()) << unheard.error().text;
  EXPECT_EQ(unheard->status, 200);
}

TEST_F(HttpClientTest, AnEarlyAnswerEndsTheBody) {
  ScriptedServer server([](const ScriptedRequest&) { return std::string(); },
                        [](const std::string&) { return std::string(kRefusal); });
  const auto answer = send(server, 1u << 30, false);
  ASSERT_TRUE(answer.has_value()) << answer.error().text;
  EXPECT_EQ(answer->status, 409);
  EXPECT_LT(sent_, 512u << 20);
  EXPECT_FALSE(reusable_);
}

TEST_F(HttpClientTest, ABodyThatBreaksOffIsNoAnswer) {
  StringSink sink;
  const auto answer = ask("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc",
                          [&](const ClientAnswer&) { return &sink; });
  EXPECT_EQ(answer.error().code, Code::cancelled);
  EXPECT_EQ(sink.text, "abc") << "what came was given on";
}

}  // namespace
}  // namespace medarc::web
