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
  static std::string answer_of(const std::string& body, const std::string& more = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
           "\r\n" + body;
  }
  bool reusable_ = false;
};

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

TEST_F(HttpClientTest, ABodyThatBreaksOffIsNoAnswer) {
  StringSink sink;
  const auto answer = ask("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc",
                          [&](const ClientAnswer&) { return &sink; });
  EXPECT_EQ(answer.error().code, Code::cancelled);
  EXPECT_EQ(sink.text, "abc") << "what came was given on";
}

}  // namespace
}  // namespace medarc::web
