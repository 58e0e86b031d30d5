// Media types, Accept, ranges and tags as texts.
#include <gtest/gtest.h>

#include <random>

#include "web/accept.h"
#include "web/answer.h"
#include "web/conditional.h"
#include "web/http_error.h"
#include "web/router.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

TEST(MediaTypes, N9ParametersQuotedBareAnyCaseAnyBlanks) {
  for (const char* text :
       {"multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.4.80",
        "Multipart/Related;TYPE=application/dicom;Transfer-Syntax=\"1.2.840.10008.1.2.4.80\"",
        "multipart/related ;  type = \"application/dicom\" ; transfer-syntax = "
        "1.2.840.10008.1.2.4.80 ;"}) {
    const auto media = parse_media_type(text);
    ASSERT_TRUE(media) << text;
    EXPECT_TRUE(media->is("multipart/related"));
    EXPECT_EQ(media->parameter("type"), "application/dicom");
    EXPECT_EQ(media->parameter("transfer-syntax"), "1.2.840.10008.1.2.4.80");
  }
  EXPECT_EQ(parse_media_type("a/b; x=\"q\\\"; ,\"; y=2")->parameter("x"), "q\"; ,");
  EXPECT_EQ(parse_media_type("a/b; x=\"q\\\"; ,\"; y=2")->parameter("y"), "2");
  for (const char* text : {"", "a", "/", "a/", "/b", "a b/c", "a/b/c", "\"a/b\""}) {
    EXPECT_FALSE(parse_media_type(text)) << text;
  }
}

Request with_accept(const std::string& query, const std::string& header) {
  Request request;
  if (!query.empty()) request.query.emplace_back("accept", query);
  if (!header.empty()) request.headers.add("Accept", header);
  return request;
}

std::string order_of(const Request& request) {
  std::string out;
  for (const MediaRange& range : accepted_types(request)) {
    out += range.media.type + "/" + range.media.subtype + " ";
  }
  return out;
}

TEST(MediaTypes, N2QueryFirstThenHeaderByQuality) {
  EXPECT_EQ(order_of(with_accept("", "a/a;q=0.1, b/b, c/c;q=0.5, d/d;q=0, */*;q=0.01")),
            "b/b c/c a/a */* ");
  EXPECT_EQ(order_of(with_accept("x/x", "a/a;q=0.1, b/b")), "x/x b/b a/a ");
  EXPECT_EQ(order_of(with_accept("application/dicom json", "")), "application/dicom+json ");
  // Its own syntax: no wildcards, which are left out like all that is not well-formed.
  EXPECT_EQ(order_of(with_accept("*/*, a/*, x/x;q=0.2, y/y", "c/*")), "y/y x/x c/* ");
  EXPECT_FALSE(accept_given(with_accept("*/*, a/*", "")));
  EXPECT_TRUE(accept_given(with_accept("*/*", "a/b")));
  EXPECT_TRUE(accept_given(with_accept("nonsense", "")));  // N1: what cannot be satisfied is 406
  EXPECT_EQ(order_of(with_accept("", "nonsense, ;;, a/b")), "a/b ");
  EXPECT_EQ(order_of(with_accept("", "")), "");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "a/b,";
  EXPECT_EQ(accepted_types(with_accept("", many)).size(), kMediaRangesMax);
}

TEST(MediaTypes, CodingQuality) {
  EXPECT_EQ(coding_quality("gzip", "gzip"), 1000);
  EXPECT_EQ(coding_quality("br;q=1, gzip;q=0.25", "gzip"), 250);
  EXPECT_EQ(coding_quality("*", "gzip"), 1000);
  EXPECT_EQ(coding_quality("*, gzip;q=0", "gzip"), 0);
  EXPECT_EQ(coding_quality("identity", "gzip"), 0);
  EXPECT_EQ(coding_quality("", "gzip"), 0);
}

TEST(Ranges, N13OneRangeOrTheWhole) {
  const auto part = [](const char* text, uint64_t total) {
    const RangeAnswer answer = parse_range(text, total);
    switch (answer.kind) {
      case RangeKind::whole: return std::string("whole");
      case RangeKind::unsatisfiable: return std::string("unsatisfiable");
      case RangeKind::part: break;
    }
    return std::to_string(answer.range.begin) + "+" + std::to_string(answer.range.length);
  };
  EXPECT_EQ(part("bytes=0-9", 100), "0+10");
  EXPECT_EQ(part("Bytes = 90-999", 100), "90+10");
  EXPECT_EQ(part("bytes=99-", 100), "99+1");
  EXPECT_EQ(part("bytes=-10", 100), "90+10");
  EXPECT_EQ(part("bytes=-1000", 100), "0+100");
  EXPECT_EQ(part("bytes=0-18446744073709551615", 100), "whole");  // more than 19 digits
  EXPECT_EQ(part("bytes=0-9999999999999999999", 100), "0+100");
  EXPECT_EQ(part("bytes=100-", 100), "unsatisfiable");
  EXPECT_EQ(part("bytes=-0", 100), "unsatisfiable");
  EXPECT_EQ(part("bytes=0-0", 0), "unsatisfiable");
  for (const char* text :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1,5-6", "items=0-1",
        "bytes=0x1-2", "bytes=1", "bytes=--1", "bytes=1-2-3"}) {
    EXPECT_EQ(part(text, 100), "whole") << text;
  }
}

TEST(Ranges, R7AnyTextStaysInside) {
  std::mt19937 random(3);
  static constexpr char kBytes[] = "bytes=-,0123456789 ";
  for (int round = 0; round < 200'000; ++round) {
    std::string text = round % 2 ? "bytes=" : "";
    for (size_t i = 0, n = random() % 24; i < n; ++i)
      text += kBytes[random() % (sizeof kBytes - 1)];
    const uint64_t total = random() % 1000;
    const RangeAnswer answer = parse_range(text, total);
    if (answer.kind != RangeKind::part) continue;
    ASSERT_GT(answer.range.length, 0u) << text;
    ASSERT_LE(answer.range.end(), total) << text;
  }
}

TEST(Tags, StrongAndWeak) {
  EXPECT_TRUE(etag_listed("\"a\", W/\"b\"", "b", true));
  EXPECT_FALSE(etag_listed("\"a\", W/\"b\"", "b", false));
  EXPECT_TRUE(etag_listed("\"a,b\"", "a,b", false));
  EXPECT_TRUE(etag_listed("*", "x", false));
  EXPECT_FALSE(etag_listed("a", "a", true));
  EXPECT_FALSE(etag_listed("\"", "", true));
}

TEST(Texts, X16AttachmentNamesCannotBreakOut) {
  EXPECT_EQ(attachment("a.bam"), "attachment; filename=\"a.bam\"");
  EXPECT_EQ(attachment("a\"\r\nX: y"), "attachment; filename=\"a\\\"X: y\"");
  EXPECT_EQ(attachment("\xC3\xA9"), "attachment; filename=\"__\"; filename*=UTF-8''%C3%A9");
}

TEST(Texts, X17EscapesForJsonAndHtml) {
  EXPECT_EQ(json_string("a\"\\\n\x01\xC3\xA9"), "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
  EXPECT_EQ(json_string("\xFF\xC0\x80\xED\xA0\x80"),
            "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(html_escape("<script>'&\""), "&lt;script&gt;&#39;&amp;&quot;");
  EXPECT_EQ(html_escape("a\x01<"), "a\xEF\xBF\xBD&lt;");
}

TEST(Texts, TargetsAreDecodedOnce) {
  const auto target = parse_target("/a%2Fb/%2541?x=1+2&y=%26&z&=v");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a/b", "%41"}));
  EXPECT_EQ(target->query.size(), 4u);
  EXPECT_EQ(target->query[0].second, "1 2");
  EXPECT_EQ(target->query[1].second, "&");
  std::string many = "/?";
  for (size_t i = 0; i <= kQueryParametersMax; ++i) many += "a&";
  EXPECT_FALSE(parse_target(many));
  EXPECT_FALSE(parse_target("relative"));
  EXPECT_FALSE(parse_target("/a#b"));
  EXPECT_EQ(percent_encode("a b/\xC3"), "a%20b%2F%C3");
}

TEST(Routes, LiteralsWinAndMistakesAreFound) {
  const auto route = [](std::string method, std::string path) {
    return Route{std::move(method), std::move(path), "", {}};
  };
  auto router =
      Router::build({route("GET", "/s/{a}"), route("GET", "/s/new"), route("POST", "/s/{b}"),
                     route("GET", "/s/{a}/x"), route("GET", "/s/{all...}")});
  ASSERT_TRUE(router);
  EXPECT_EQ(router->find("GET", {"s", "new"}).entry->route.path, "/s/new");
  EXPECT_EQ(router->find("GET", {"s", "new", "x"}).entry->route.path, "/s/{a}/x");
  EXPECT_EQ(router->find("GET", {"s", "new", "y"}).captures[0], "new/y");
  EXPECT_EQ(router->find("POST", {"s", "1"}).captures[0], "1");
  EXPECT_EQ(router->find("PUT", {"s", "1"}).allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_FALSE(Router::build({route("GET", "/a/{x}"), route("GET", "/a/{y}")}));
  EXPECT_FALSE(Router::build({route("GET", "a")}));
  EXPECT_FALSE(Router::build({route("GET", "/{x...}/y")}));
}

TEST(Errors, EveryCodeHasItsStatus) {
  const std::vector<std::pair<Code, int>> want = {{Code::invalid_argument, 400},
                                                  {Code::unauthenticated, 401},
                                                  {Code::permission_denied, 403},
                                                  {Code::not_found, 404},
                                                  {Code::gone, 410},
                                                  {Code::already_exists, 409},
                                                  {Code::conflict, 409},
                                                  {Code::precondition_failed, 412},
                                                  {Code::not_acceptable, 406},
                                                  {Code::unsupported, 501},
                                                  {Code::range_not_satisfiable, 416},
                                                  {Code::too_large, 413},
                                                  {Code::exhausted, 503},
                                                  {Code::unavailable, 503},
                                                  {Code::deadline, 504},
                                                  {Code::cancelled, 408},
                                                  {Code::corrupt, 500},
                                                  {Code::io, 500},
                                                  {Code::internal, 500}};
  ASSERT_EQ(want.size(), static_cast<size_t>(Code::internal) + 1);
  for (const auto& [code, status] : want) {
    EXPECT_EQ(status_of(code), status);
    EXPECT_FALSE(reason_of(status).empty());
    const Response response = problem(make_error(code, "secret detail"));
    EXPECT_EQ(response.status, status);
    const std::string& body = std::get<Bytes>(response.body);
    EXPECT_EQ(body.find("secret detail") == std::string::npos, status == 500) << body;
  }
  EXPECT_EQ(status_of(Code::unsupported, true), 415);
  EXPECT_EQ(
      std::get<Bytes>(problem(make_error(Code::not_found, "no \"x\"")).body),
      R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found","detail":"no \"x\""})");
}

}  // namespace
}  // namespace medarc::web
