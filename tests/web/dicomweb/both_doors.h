// One question asked through QIDO-RS and through C-FIND of the same archive: the answers must
// agree.
#pragma once

#include <boost/json.hpp>

#include <map>
#include <set>

#include "dicom/server.h"
#include "tests/support/raw_association.h"
#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {

struct Ask {
  std::string level = "STUDY";  // STUDY, SERIES or IMAGE
  // "00400275.00400009" and its value in UTF-8.
  std::vector<std::pair<std::string, std::string>> keys;
  // The modes of QIDO-RS, and what C-FIND negotiates.
  bool fuzzy = false, empty_values = false, all_values = false;
  std::string charset = "ISO_IR 192";  // of the identifier
  bool date_times = true;              // QIDO-RS combines them always
  bool zones = true;                   // and adjusts time zones
};

class BothDoors : public ArchiveTest {
 protected:
  void SetUp() override { open_doors(); }
  void TearDown() override { dicom_.reset(); }
  void open_doors(DicomwebOptions options = {});
  void put(const test::ImageRecipe& recipe);  // stored without a door

  // Unique keys of the matches, the same through both doors.
  std::set<std::string> found(const Ask& ask);
  std::set<std::string> found(std::string level,
                              std::vector<std::pair<std::string, std::string>> keys) {
    Ask ask;
    ask.level = std::move(level);
    ask.keys = std::move(keys);
    return found(ask);
  }
  // One answer of QIDO-RS, and the response list of C-FIND with its last status.
  test::HttpAnswer by_web(const Ask& ask, const std::string& more = {});
  struct Responses {
    std::vector<test::RawResponse> matches;
    uint16_t last = 0xFFFF;
    std::string comment;
  };
  // `information`: bytes of the extended negotiation instead of those that follow from `ask`.
  Responses by_dimse(const Ask& ask, const std::optional<std::string>& information = {});

  static std::string unique_key(const std::string& level);

  std::unique_ptr<dicom::Server> dicom_;
  const security::Principal who_{"local", {security::Role::administrator}, "test", "127.0.0.1"};
};

// Elements of an implicit VR little endian dataset by their paths ("00400275[0].00400009"),
// trimmed.
std::map<std::string, std::string> read_implicit(const std::string& dataset);

}  // namespace medarc::web
