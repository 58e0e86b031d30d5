// medarc pull: a study of a peer into a stopped archive (C-GET), or from one peer to another
// application, a running Medarc for one (C-MOVE); without a study a genome file of a server.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "dicom/dimse/identifier.h"
#include "dicom/dimse/retrieve_scu.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"
#include "tools/opened.h"
#include "tools/peer.h"
#include "tools/progress.h"
#include "tools/transfer/genome_pull.h"

namespace medarc::tools {
namespace {

using dicom::dimse::Identifier;
using dicom::dimse::RetrieveEnd;
using index::Attribute;
using index::Tag;

constexpr const char* kStudyRootFind = "1.2.840.10008.5.1.4.1.2.2.1";
constexpr const char* kStudyRootMove = "1.2.840.10008.5.1.4.1.2.2.2";
constexpr const char* kStudyRootGet = "1.2.840.10008.5.1.4.1.2.2.3";
constexpr Tag kStudy{0x0020000D}, kSeries{0x0020000E}, kInstance{0x00080018}, kClass{0x00080016};
constexpr size_t kContextsMax = 127;  // beside the retrieval's own
// What peers keep objects in, the likeliest first: each costs a presentation context for each
// class.
constexpr const char* kSyntaxes[] = {
    "1.2.840.10008.1.2.1",    "1.2.840.10008.1.2",      "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.103"};

struct PullOptions {
  PeerOptions peer;
  std::string study, move_to;
  std::string from = "http://127.0.0.1:8042", token_file;
  GenomePullOptions genome;
};

Attribute key(Tag tag, const char* vr, std::vector<std::string> values) {
  return {tag, {vr[0], vr[1]}, std::move(values)};
}
std::vector<Attribute> level(const char* name) {
  return {key(dicom::dimse::kQueryRetrieveLevel, "CS", {name})};
}

class Puller {
 public:
  Puller(PeerCall& peer, const PullOptions& options) : peer_(peer), options_(options) {}

  // What the peer says it has of the study.
  Status look() {
    MEDARC_TRY(peer_.call({{kStudyRootFind, std::string(dicom::kExplicitLittle)},
                           {kStudyRootFind, std::string(dicom::kImplicitLittle)}}));
    auto ask = level("SERIES");
    ask.push_back(key(kStudy, "UI", {options_.study}));
    ask.push_back(key(kSeries, "UI", {}));
    std::vector<std::string> series;
    MEDARC_TRY(find(ask, [&](const Identifier& match) {
      for (auto& uid : match.values(kSeries)) series.push_back(uid);
    }));
    for (const std::string& uid : series) {
      auto images = level("IMAGE");
      images.push_back(key(kStudy, "UI", {options_.study}));
      images.push_back(key(kSeries, "UI", {uid}));
      images.push_back(key(kInstance, "UI", {}));
      images.push_back(key(kClass, "UI", {}));
      MEDARC_TRY(find(images, [&](const Identifier& match) {
        for (auto& instance : match.values(kInstance)) instances_.emplace(uid, instance);
        for (auto& sop_class : match.values(kClass)) classes_.insert(sop_class);
      }));
    }
    peer_.release();
    if (instances_.empty())
      return make_error(Code::not_found, "the peer has nothing of this study");
    return {};
  }

  Result<RetrieveEnd> get(Opened& opened) {
    std::vector<dicom::ul::AcceptedContext> contexts = {
        {kStudyRootGet, std::string(dicom::kExplicitLittle)}};
    std::vector<dicom::ul::RoleSelection> roles;
    for (const std::string& sop_class : classes_) roles.push_back({sop_class, 0, 1});
    for (const char* syntax : kSyntaxes) {
      for (const std::string& sop_class : classes_) {
        if (contexts.size() <= kContextsMax) contexts.push_back({sop_class, syntax});
      }
    }
    MEDARC_TRY(peer_.call(std::move(contexts), std::move(roles)));
    ProgressLine line("pull");
    return dicom::dimse::get(peer_.association(), *opened.imaging, operator_principal(),
                             peer_.limits(), request(kStudyRootGet), shown(line));
  }

  Result<RetrieveEnd> move() {
    MEDARC_TRY(peer_.call({{kStudyRootMove, std::string(dicom::kExplicitLittle)},
                           {kStudyRootMove, std::string(dicom::kImplicitLittle)}}));
    ProgressLine line("pull");
    return dicom::dimse::move(peer_.association(), peer_.limits(), request(kStudyRootMove),
                              shown(line));
  }

  // Of the instances the peer has, those that are not stored.
  Result<uint64_t> missing(Opened& opened) const {
    const auto view = opened.index->view();
    uint64_t out = 0;
    for (const auto& [series, instance] : instances_) {
      MEDARC_ASSIGN(const auto row,
                    view->instance(index::StudyUid(options_.study), index::SeriesUid(series),
                                   index::SopInstanceUid(instance)));
      if (!row) ++out;
    }
    return out;
  }
  uint64_t instances_count() const { return instances_.size(); }

 private:
  Status find(const std::vector<Attribute>& keys,
              const std::function<void(const Identifier&)>& take) {
    MEDARC_ASSIGN(const auto end,
                  dicom::dimse::find(peer_.association(), peer_.limits(), kStudyRootFind, keys,
                                     [&](ByteView dataset, std::string_view syntax) -> Status {
                                       MEDARC_ASSIGN(const Identifier match,
                                                     dicom::dimse::read_identifier(dataset, syntax,
                                                                                   peer_.limits()));
                                       take(match);
                                       return {};
                                     }));
    if (end.status == dicom::kSuccess) return {};
    return make_error(Code::unsupported,
                      "the peer's answer to C-FIND: " + status_text(end.status, end.comment));
  }

  dicom::dimse::RetrieveRequest request(const char* sop_class) const {
    auto keys = level("STUDY");
    keys.push_back(key(kStudy, "UI", {options_.study}));
    return {sop_class, std::move(keys), options_.move_to};
  }

  static dicom::dimse::RetrieveProgress shown(ProgressLine& line) {
    return [&line](const dicom::dimse::Suboperations& counts) {
      line.update(uint64_t{counts.completed} + counts.warning + counts.failed, 0, 0);
      return !interrupted();
    };
  }

  PeerCall& peer_;
  const PullOptions& options_;
  std::set<std::pair<std::string, std::string>> instances_;  // series, instance
  std::set<std::string> classes_;
};

Result<int> run(const PullOptions& options) {
  MEDARC_ASSIGN(Config config, options.peer.common.config());
  MEDARC_ASSIGN(Settings settings, Settings::from(config));
  MEDARC_ASSIGN(auto peer, PeerCall::open(options.peer, settings));
  Puller puller(*peer, options);
  MEDARC_TRY(puller.look());
  std::unique_ptr<Opened> opened;
  if (options.move_to.empty()) {
    MEDARC_ASSIGN(opened, open_archive(options.peer.common.data, std::move(settings), true));
  }
  MEDARC_ASSIGN(const RetrieveEnd end, opened ? puller.get(*opened) : puller.move());
  peer->release();
  boost::json::object result{{"instances", puller.instances_count()},
                             {"completed", end.counts.completed},
                             {"failed", end.counts.failed},
                             {"warnings", end.counts.warning},
                             {"status", status_text(end.status, end.comment)}};
  uint64_t missing = 0;
  if (opened) {
    MEDARC_ASSIGN(missing, puller.missing(*opened));
    result["missing"] = missing;
  }
  print_result(options.peer.common, result);
  return end.status == dicom::kSuccess && missing == 0 ? kExitDone : kExitFound;
}

Result<int> run_genome(PullOptions options) {
  const PeerOptions& given = options.peer;
  if (!options.move_to.empty() || !given.aet.empty()) {
    return make_error(Code::invalid_argument, "--move-to and --aet go with a --study");
  }
  const auto start = std::chrono::steady_clock::now();
  MEDARC_ASSIGN(const auto server, server_at(given.common, options.from, options.token_file));
  options.genome.id = given.peer;
  MEDARC_ASSIGN(const Pulled pulled, pull_genome(options.genome, server));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  print_result(given.common, {{"id", options.genome.id},
                              {"file", pulled.path},
                              {"bytes", pulled.bytes},
                              {"bytes_received", pulled.bytes_received},
                              {"bytes_resumed", pulled.bytes_resumed},
                              {"seconds", seconds.count()},
                              {"sha256", pulled.sha256.hex()}});
  return kExitDone;
}

void add_genome_options(CLI::App& verb, PullOptions& options) {
  verb.add_option("--from", options.from, "URL of the server that has the genome file")
      ->capture_default_str();
  verb.add_option("-o,--output", options.genome.output,
                  "Where to write the genome file; its own name here if not given");
  verb.add_option("--token-file", options.token_file, "File with a token, for --from");
  verb.add_option("--connections", options.genome.fetch.connections, "At a time, of a genome file")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  verb.add_option("--bytes-per-second", options.genome.fetch.bytes_per_second,
                  "Of a genome file, at most; 0: as fast as it goes")
      ->capture_default_str();
  verb.add_option("--retry-for", options.genome.fetch.retry_for_s,
                  "Seconds without progress until a genome file is given up")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
}

}  // namespace

void add_pull(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PullOptions>();
  CLI::App* verb = app.add_subcommand(
      "pull", "Fetch a genome file of a server, or with --study a study of a DICOM peer");
  options->peer.add_to(*verb);
  verb->get_option("peer")->description(
      "Id of the genome file; with --study the AE title of a [[dicom.peer]], or AET@HOST:PORT");
  add_genome_options(*verb, *options);
  verb->add_option("--study", options->study, "Study Instance UID (C-GET, C-MOVE)");
  verb->add_option("--move-to", options->move_to,
                   "AE title the peer shall send to (C-MOVE), such as that of a running Medarc; "
                   "without it the study is stored in --data");
  verb->callback([options, &exit_code] {
    const bool genome = options->study.empty();
    // A file's transfer goes on where it ended, so Ctrl-C may end it at once.
    if (!genome) catch_interrupt();
    const Result<int> code = genome ? run_genome(*options) : run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
