// Keeps the shape of the sources: the direction of includes, where third-party libraries may be
// used, and small rules of form. Each rule is first shown to catch a bad sample.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/tidy/rules.h"

namespace medarc::tidy {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> rules_of(const std::string& path, const std::string& text) {
  std::vector<std::string> out;
  for (const Finding& f : check_file(path, text)) out.push_back(f.rule);
  return out;
}

using Rules = std::vector<std::string>;
const std::string kHead = "#pragma once\n";

std::vector<std::string> all_files() {
  std::vector<std::string> files;
  const fs::path top = MEDARC_SOURCE_DIR;
  for (auto it = fs::recursive_directory_iterator(top); it != fs::recursive_directory_iterator();
       ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      const bool hidden = name.starts_with(".") && name != ".ci";
      if (hidden || name == "build" || name == "node_modules" || name == "dist" ||
          name == "__pycache__") {
        it.disable_recursion_pending();
      }
      continue;
    }
    files.push_back(fs::relative(it->path(), top).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(TidyRules, IncludesGoDownTheLayersOnly) {
  EXPECT_EQ(rules_of("archive/a.h", kHead + "#include \"index/index.h\"\n"),
            Rules{"include-direction"});
  EXPECT_EQ(rules_of("dicom/a.cc", "#include \"genomics/files.h\"\n"), Rules{"include-direction"});
  EXPECT_EQ(rules_of("genomics/a.cc", "#include \"dicom/imaging.h\"\n"),
            Rules{"include-direction"});
  EXPECT_EQ(rules_of("tools/a.cc", "#include \"tests/support/x.h\"\n"), Rules{"include-direction"});
  EXPECT_EQ(rules_of("base/a.cc", "#include \"result.h\"\n"), Rules{"include-direction"});
  EXPECT_EQ(rules_of("tests/a.cc", "#include \"support/x.h\"\n"), Rules{"include-path"});
  EXPECT_EQ(rules_of("web/a.cc", "#include \"dicom/imaging.h\"\n#include \"web/http.h\"\n"), Rules{});
}

TEST(TidyRules, ThirdPartyLibrariesStayInTheirFolders) {
  EXPECT_EQ(rules_of("web/a.cc", "#include <rocksdb/db.h>\n"), Rules{"third-party"});
  EXPECT_EQ(rules_of("index/a.cc", "#include <boost/asio/buffer.hpp>\n"), Rules{"third-party"});
  EXPECT_EQ(rules_of("dicom/a.cc", "#include <spdlog/spdlog.h>\n"), Rules{"third-party"});
  EXPECT_EQ(rules_of("dicom/a.cc", "#include <dcmtk/dcmdata/dctk.h>\n#include <vector>\n"), Rules{});
}

TEST(TidyRules, FilesStayShort) {
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "int a;\n";
  EXPECT_EQ(rules_of("base/a.cc", lines), Rules{});
  EXPECT_EQ(rules_of("base/a.cc", lines + "int b;\n"), Rules{"length"});
}

TEST(TidyRules, NoBracedArgumentIsAwaited) {
  const std::string await = std::string("co_") + "await";
  EXPECT_EQ(rules_of("web/a.cc", "  " + await + " write(Head{1, 2});\n"), Rules{"await-brace"});
  EXPECT_EQ(rules_of("web/a.cc", "  if (" + await + " ready()) {\n"), Rules{});
}

TEST(TidyRules, NoMachineIsNamed) {
  const std::string path = std::string("/wo") + "rk/main", host = std::string("pypi.") + "org";
  EXPECT_EQ(rules_of("base/a.cc", "open(\"" + path + "\");\n"), Rules{"machine-name"});
  EXPECT_EQ(rules_of("docs/a.md", "from " + host + "\n"), Rules{"machine-name"});
  EXPECT_EQ(rules_of("docs/a.md", "base" + path + "\n"), Rules{});
}

TEST(TidyRules, HeadersAreReadOnce) {
  EXPECT_EQ(rules_of("base/a.h", "int a();\n"), Rules{"pragma-once"});
}

TEST(TidyRules, BlanksAndLineEnds) {
  EXPECT_EQ(rules_of("base/a.cc", "\tint a;\n"), Rules{"tab"});
  EXPECT_EQ(rules_of("base/a.cc", "int a;\r\n"), Rules{"line-end"});
  EXPECT_EQ(rules_of("base/a.cc", "int a;"), Rules{"line-end"});
}

TEST(TidyRules, NothingIsLeftForLater) {
  EXPECT_EQ(rules_of("base/a.cc", std::string("// TO") + "DO: later\n"), Rules{"unfinished"});
}

TEST(TidyRules, EveryFolderExplainsItself) {
  EXPECT_EQ(check_readmes({"base/a.h", "base/README.md"}).size(), 0u);
  EXPECT_EQ(check_readmes({"base/a.h", "web/README.md", "web/a.cc"}).size(), 1u);
}

TEST(Tidy, TheSourcesKeepTheRules) {
  const std::vector<std::string> files = all_files();
  ASSERT_GT(files.size(), 50u) << "sources not found";
  std::vector<Finding> findings = check_readmes(files);
  for (const std::string& path : files) {
    std::ifstream in(fs::path(MEDARC_SOURCE_DIR) / path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    for (Finding& f : check_file(path, text.str())) findings.push_back(std::move(f));
  }
  for (const Finding& f : findings) {
    ADD_FAILURE() << f.path << ":" << f.line << ": [" << f.rule << "] " << f.text;
  }
}

}  // namespace
}  // namespace medarc::tidy
