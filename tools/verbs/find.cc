// medarc find: what a peer has (C-FIND, Study Root).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "dicom/dictionary.h"
#include "dicom/dimse/identifier.h"
#include "dicom/dimse/user.h"
#include "dicom/dimse_status.h"
#include "dicom/transfer_syntax.h"
#include "tools/peer.h"

namespace medarc::tools {
namespace {

using dicom::dimse::Identifier;
using index::Attribute;
using index::Tag;

constexpr const char* kStudyRootFind = "1.2.840.10008.5.1.4.1.2.2.1";

struct FindOptions {
  PeerOptions peer;
  std::string level = "STUDY";
  std::vector<std::string> keys;
};

// What is asked for when nobody says, by level.
std::vector<std::string> usual_keys(const std::string& level) {
  if (level == "SERIES") {
    return {"StudyInstanceUID", "SeriesInstanceUID", "Modality",
            "SeriesNumber",     "SeriesDescription", "NumberOfSeriesRelatedInstances"};
  }
  if (level == "IMAGE") {
    return {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID",
            "InstanceNumber"};
  }
  return {
      "StudyInstanceUID", "PatientID",        "PatientName",       "StudyDate",
      "AccessionNumber",  "StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances"};
}

Result<std::vector<Attribute>> keys_of(const FindOptions& options) {
  std::vector<Attribute> out = {{dicom::dimse::kQueryRetrieveLevel, {'C', 'S'}, {options.level}}};
  std::vector<std::string> wanted = options.keys;
  const std::vector<std::string> usual = usual_keys(options.level);
  wanted.insert(wanted.end(), usual.begin(), usual.end());
  for (const std::string& text : wanted) {
    MEDARC_ASSIGN(Attribute key, parse_key(text));
    const bool there =
        std::any_of(out.begin(), out.end(), [&](const Attribute& a) { return a.tag == key.tag; });
    if (!there) out.push_back(std::move(key));
  }
  return out;
}

void print_match(const Common& common, const Identifier& match) {
  boost::json::object out;
  std::string line;
  for (const dicom::dimse::Key& key : match.keys) {
    std::string name = dicom::keyword_of(key.tag);
    if (name.empty()) name = dicom::tag_hex(key.tag);
    out[name] = key.text;
    if (!key.text.empty()) line += fmt::format("{}{}={}", line.empty() ? "" : "  ", name, key.text);
  }
  fmt::print("{}\n", common.json ? boost::json::serialize(out) : line);
}

Result<int> run(const FindOptions& options) {
  MEDARC_ASSIGN(Config config, options.peer.common.config());
  MEDARC_ASSIGN(const Settings settings, Settings::from(config));
  MEDARC_ASSIGN(auto peer, PeerCall::open(options.peer, settings));
  MEDARC_ASSIGN(const auto keys, keys_of(options));
  MEDARC_TRY(peer->call({{kStudyRootFind, std::string(dicom::kExplicitLittle)},
                         {kStudyRootFind, std::string(dicom::kImplicitLittle)}}));
  uint64_t matches = 0;
  const auto take = [&](ByteView dataset, std::string_view syntax) -> Status {
    MEDARC_ASSIGN(const Identifier match,
                  dicom::dimse::read_identifier(dataset, syntax, peer->limits()));
    print_match(options.peer.common, match);
    ++matches;
    return {};
  };
  MEDARC_ASSIGN(const auto end, dicom::dimse::find(peer->association(), peer->limits(),
                                                   kStudyRootFind, keys, take));
  peer->release();
  print_result(options.peer.common,
               {{"matches", matches}, {"status", status_text(end.status, end.comment)}});
  return end.status == dicom::kSuccess ? kExitDone : kExitFound;
}

}  // namespace

void add_find(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<FindOptions>();
  CLI::App* verb = app.add_subcommand("find", "List what a DICOM peer has (C-FIND)");
  options->peer.add_to(*verb);
  verb->add_option("--level", options->level, "STUDY, SERIES or IMAGE")
      ->transform(CLI::IsMember({"STUDY", "SERIES", "IMAGE"}, CLI::ignore_case));
  verb->add_option("--key", options->keys, "KEYWORD=VALUE to match; without a value: to be told")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->callback([options, &exit_code] {
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
