// OPTIONS: what the DICOMweb door offers, for machines (PS3.18 8.9, annex H).
#include <expat.h>

#include <boost/json.hpp>
#include <set>

#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

namespace json = boost::json;
using test::HttpAnswer;

// What a WADL document says: "GET /studies/{study}" and so on, and the ids of its methods.
struct Wadl {
  std::string base;
  std::set<std::string> methods;
  std::multiset<std::string> ids;
  bool well_formed = false;

  static Wadl of(const std::string& text) {
    Wadl out;
    State state{out, {}};
    XML_Parser parser = XML_ParserCreate(nullptr);
    XML_SetUserData(parser, &state);
    XML_SetElementHandler(parser, &begin, &end);
    out.well_formed =
        XML_Parse(parser, text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK;
    XML_ParserFree(parser);
    return out;
  }

 private:
  struct State {
    Wadl& out;
    std::vector<std::string> path;
  };
  static std::string attribute(const char** all, const std::string& name) {
    for (; *all != nullptr; all += 2) {
      if (name == all[0]) return all[1];
    }
    return {};
  }
  static void begin(void* user, const char* name, const char** attributes) {
    auto& state = *static_cast<State*>(user);
    const std::string element = name;
    if (element == "resources") state.out.base = attribute(attributes, "base");
    if (element == "resource") state.path.push_back(attribute(attributes, "path"));
    if (element != "method") return;
    std::string path;
    for (const std::string& part : state.path) path += "/" + part;
    state.out.methods.insert(attribute(attributes, "name") + " " + path);
    state.out.ids.insert(attribute(attributes, "id"));
  }
  static void end(void* user, const char* name) {
    auto& state = *static_cast<State*>(user);
    if (std::string(name) == "resource") state.path.pop_back();
  }
};

void collect(const json::array& resources, const std::string& above, std::set<std::string>& out) {
  for (const json::value& one : resources) {
    const std::string path = above + "/" + std::string(one.at("path").as_string());
    for (const json::value& method : one.at("methods").as_array()) {
      out.insert(std::string(method.at("name").as_string()) + " " + path);
    }
    collect(one.at("resources").as_array(), path, out);
  }
}

class Capabilities : public ArchiveTest {
 protected:
  void SetUp() override { serve(); }
  HttpAnswer options(const std::string& target, const test::HttpClient::Headers& headers = {}) {
    return test::http(port(), "OPTIONS", target, headers);
  }
  // From the same routes, by the other description.
  std::set<std::string> routes() {
    std::set<std::string> out;
    const auto description = json::parse(get("/openapi.json").body);
    for (const auto& [path, operations] : description.at("paths").as_object()) {
      if (!std::string_view(path).starts_with("/dicom-web/")) continue;
      for (const auto& [method, operation] : operations.as_object()) {
        std::string name(method);
        for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
        out.insert(name + " " + std::string(path).substr(10));
      }
    }
    return out;
  }
};

TEST_F(Capabilities, EveryRouteIsInBothDescriptions) {
  const std::set<std::string> wanted = routes();
  ASSERT_GT(wanted.size(), 30u);
  const HttpAnswer answer = options("/dicom-web");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/vnd.sun.wadl+xml");
  const Wadl wadl = Wadl::of(answer.body);
  EXPECT_TRUE(wadl.well_formed);
  EXPECT_EQ(wadl.base, base_url() + "/dicom-web");
  EXPECT_EQ(wadl.methods, wanted);
  EXPECT_EQ(std::set<std::string>(wadl.ids.begin(), wadl.ids.end()).size(), wadl.ids.size());
  EXPECT_NE(
      answer.body.find("<option value=\"multipart/related; type=&quot;application/dicom&quot;; "
                       "transfer-syntax=1.2.840.10008.1.2.4.201\"/>"),
      std::string::npos);

  const HttpAnswer other = options("/dicom-web", {{"Accept", "application/json"}});
  EXPECT_EQ(other.header("Content-Type"), "application/json");
  const json::value tree = json::parse(other.body);
  EXPECT_EQ(tree.at("base").as_string(), base_url() + "/dicom-web");
  std::set<std::string> found;
  collect(tree.at("resources").as_array(), "", found);
  EXPECT_EQ(found, wanted);
}

TEST_F(Capabilities, OfOneResourceAndThoseBelow) {
  const HttpAnswer answer = options("/dicom-web/studies/1.2/series", {{"Accept", "*/*"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
  const Wadl wadl = Wadl::of(answer.body);
  EXPECT_TRUE(wadl.methods.contains("GET /studies/{study}/series"));
  EXPECT_TRUE(wadl.methods.contains(
      "GET /studies/{study}/series/{series}/instances/{instance}/frames/{frames}"));
  EXPECT_FALSE(wadl.methods.contains("GET /studies/{study}"));
  EXPECT_EQ(options("/dicom-web/studies").header("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(options("/dicom-web/studies/1.2/nothing").status, 404);
}

TEST_F(Capabilities, N1_OtherTypesAreNotAcceptable) {
  const HttpAnswer answer = options("/dicom-web", {{"Accept", "text/html"}});
  EXPECT_EQ(answer.status, 406);
  EXPECT_EQ(options("/dicom-web", {{"Accept", "application/json;q=0.2, application/xml"}})
                .header("Content-Type"),
            "application/vnd.sun.wadl+xml");
}

TEST_F(Capabilities, NeedsNoCredentials) {
  EXPECT_EQ(options("/dicom-web", {{"Authorization", "Bearer wrong"}}).status, 200);
  EXPECT_EQ(get("/dicom-web", {{"Authorization", "Bearer wrong"}}).status, 401);
  EXPECT_EQ(get("/dicom-web").status, 405);
}

TEST_F(Capabilities, N13_PreflightsAreAnsweredAsEverywhere) {
  server_.reset();
  ServerOptions server;
  server.cors_origins = "https://viewer.example";
  serve({}, server);
  const HttpAnswer answer =
      options("/dicom-web/studies", {{"Origin", "https://viewer.example"},
                                     {"Access-Control-Request-Method", "POST"},
                                     {"Access-Control-Request-Headers", "content-type"}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://viewer.example");
  EXPECT_EQ(answer.header("Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "content-type");
  EXPECT_TRUE(answer.body.empty());
}

}  // namespace
}  // namespace medarc::web
