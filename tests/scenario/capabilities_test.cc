// OPTIONS against the real server: every DICOMweb route of the routing table is described at a
// concrete URL, in both forms; what is listed is answered, and nothing else is taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "tests/scenario/clients.h"
#include "tests/support/dicom_maker.h"
#include "tests/support/work_items.h"

namespace medarc::test {
namespace {

namespace json = boost::json;
using Names = std::set<std::string>;

constexpr std::string_view kRoot = "/dicom-web";
constexpr const char *kWorkItem = "2.25.71", *kAllItems = "1.2.840.10008.5.1.4.34.5",
                     *kTransaction = "2.25.72";

class Capabilities : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.ready()) << server_.ready_line();
    store_one();
    const HttpClient::Headers model = {{"Content-Type", "application/dicom+json"}};
    const std::string items = std::string(kRoot) + "/workitems";
    ASSERT_EQ(ask("POST", items + "?" + kWorkItem, model, work_item_json()).status, 201);
    for (const char* target : {kWorkItem, kAllItems}) {
      ASSERT_EQ(ask("POST", items + "/" + target + "/subscribers/PAGE").status, 201);
    }
    const std::string references =
        R"({"00081199":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.)"
        R"(1.2"]},"00081155":{"vr":"UI","Value":[")" +
        known_["instance"] + R"("]}}]}})";
    ASSERT_LT(
        ask("POST", std::string(kRoot) + "/commitment-requests/" + kTransaction, model, references)
            .status,
        300);
  }

  HttpAnswer ask(const std::string& method, const std::string& target,
                 const HttpClient::Headers& headers = {}, const std::string& body = {}) {
    return http(server_.http_port(), method, target, headers, body);
  }

  // An image of a study of its own: what paths name from here on.
  void store_one() {
    ImageRecipe r;
    r.rows = r.columns = 16;
    r.study_uid = "2.25.9" + std::to_string(++stored_);
    r.series_uid = r.study_uid + ".1";
    r.sop_uid = r.series_uid + ".1";
    SmallObject object;
    object.file = make_file(r);
    HttpClient client(server_.http_port());
    ASSERT_TRUE(stow(client, {object}));
    known_ = {{"study", r.study_uid},        {"series", r.series_uid},
              {"instance", r.sop_uid},       {"frames", "1"},
              {"path", "7FE00010"},          {"workitem", kWorkItem},
              {"transaction", kTransaction}, {"aetitle", "PAGE"}};
  }

  // The path with what is there; "" where a parameter is not known here.
  std::string concrete(const std::string& path) {
    std::string out = path;
    for (size_t open; (open = out.find('{')) != std::string::npos;) {
      const size_t end = out.find('}', open);
      const std::string name = out.substr(open + 1, end - open - 1);
      if (!known_.contains(name)) return {};
      // Only subscriptions to all items are suspended.
      const bool all = name == "workitem" && path.ends_with("/suspend");
      out.replace(open, end + 1 - open, all ? kAllItems : known_[name]);
    }
    return out;
  }

  // Methods by path, as the server's table of routes has them.
  std::map<std::string, Names> routes() {
    std::map<std::string, Names> out;
    const json::value described = json::parse(ask("GET", "/openapi.json").body);
    for (const auto& [path, operations] : described.at("paths").as_object()) {
      if (!path.starts_with(std::string(kRoot) + "/")) continue;
      for (const auto& [method, operation] : operations.as_object()) {
        std::string name(method);
        for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
        if (name != "OPTIONS") out[std::string(path)].insert(name);
      }
    }
    return out;
  }

  // The methods of the resource that a WADL begins with; its path must be `path`.
  static Names methods_of_wadl(const std::string& text, const std::string& path) {
    Names out;
    const std::string head = "<resource path=\"" + path + "\">";
    const size_t begin = text.find("<resource ");
    EXPECT_EQ(text.compare(begin, head.size(), head), 0) << path << "\n" << text.substr(0, 400);
    const std::string own = text.substr(begin, text.find("<resource ", begin + 1) - begin);
    const std::string method = "<method name=\"";
    for (size_t at = 0; (at = own.find(method, at)) != std::string::npos;) {
      at += method.size();
      out.insert(own.substr(at, own.find('"', at) - at));
    }
    return out;
  }
  static Names methods_of_json(const std::string& text, const std::string& path) {
    Names out;
    const json::value resource = json::parse(text).at("resources").at(0);
    EXPECT_EQ(resource.at("path").as_string(), path);
    for (const json::value& method : resource.at("methods").as_array()) {
      out.emplace(method.at("name").as_string());
    }
    return out;
  }
  static Names listed(const std::string& allow) {
    Names out;
    for (size_t at = 0; at < allow.size();) {
      const size_t end = std::min(allow.find(", ", at), allow.size());
      out.insert(allow.substr(at, end - at));
      at = end + 2;
    }
    return out;
  }

  TempDir dir_;
  ServerProcess server_{dir_ / "data"};
  std::map<std::string, std::string> known_;
  int stored_ = 0;
};

TEST_F(Capabilities, EveryRouteIsDescribedAndAnsweredAndNoOther) {
  const auto all = routes();
  ASSERT_GT(all.size(), 30u);
  std::vector<std::string> removals;
  for (const auto& [path, methods] : all) {
    const std::string url = concrete(path), below = path.substr(kRoot.size() + 1);
    ASSERT_FALSE(url.empty()) << path << " has a parameter that this test does not know";
    const HttpAnswer wadl = ask("OPTIONS", url);
    EXPECT_EQ(wadl.status, 200) << url;
    EXPECT_EQ(wadl.header("Content-Type"), "application/vnd.sun.wadl+xml") << url;
    EXPECT_EQ(methods_of_wadl(wadl.body, below), methods) << url;
    const HttpAnswer other = ask("OPTIONS", url, {{"Accept", "application/json"}});
    EXPECT_EQ(other.header("Content-Type"), "application/json") << url;
    EXPECT_EQ(methods_of_json(other.body, below), methods) << url;
    Names allowed = methods;
    allowed.insert("OPTIONS");
    if (methods.contains("GET")) allowed.insert("HEAD");
    EXPECT_EQ(listed(wadl.header("Allow")), allowed) << url;
    EXPECT_EQ(other.header("Allow"), wadl.header("Allow")) << url;
    for (const char* name : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}) {
      const std::string method = name;
      if (!allowed.contains(method)) {
        const HttpAnswer refused = ask(method, url);
        EXPECT_EQ(refused.status, 405) << method << " " << url;
        EXPECT_EQ(listed(refused.header("Allow")), allowed) << method << " " << url;
      } else if (method == "DELETE" && path.starts_with(std::string(kRoot) + "/studies")) {
        removals.push_back(path);
      } else {
        const HttpAnswer answer = ask(method, url);
        EXPECT_NE(answer.status, 404) << method << " " << url << " " << answer.body;
        EXPECT_NE(answer.status, 405) << method << " " << url << " " << answer.body;
      }
    }
  }
  EXPECT_EQ(removals.size(), 3u);
  for (const std::string& path : removals) {
    store_one();
    EXPECT_EQ(ask("DELETE", concrete(path)).status / 100, 2) << path;
  }
}

TEST_F(Capabilities, WhatIsNoResourceHasNone) {
  for (const char* path : {"/dicom-web/nothing", "/dicom-web/studies/1.2/nothing",
                           "/dicom-web/studies/1.2/series/1.3/instances"
                           "/1.4/original/more"}) {
    EXPECT_EQ(ask("OPTIONS", path).status, 404) << path;
  }
}

}  // namespace
}  // namespace medarc::test
