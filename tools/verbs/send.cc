// medarc send: files, or a study of a stopped archive, to a DICOM peer (C-STORE), and on request a
// promise that the peer keeps them (storage commitment).
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "dicom/dimse/commitment_scu.h"
#include "dicom/dimse/report_listener.h"
#include "dicom/dimse/store_scu.h"
#include "dicom/dimse_status.h"
#include "dicom/part10.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"
#include "tools/address.h"
#include "tools/opened.h"
#include "tools/peer.h"
#include "tools/progress.h"
#include "tools/report_box.h"
#include "tools/walk.h"

namespace medarc::tools {
namespace {

namespace fs = std::filesystem;
using dicom::dimse::CommitmentDataset;

constexpr size_t kContextsMax = 126;  // beside those of storage commitment

struct SendOptions {
  PeerOptions peer;
  std::string study;
  std::vector<std::string> paths;
  bool commit = false;
  uint32_t commit_wait_s = 60;
  std::string listen;  // for reports over associations of the peer's; empty: not
};

// A file, or an instance of the archive.
struct Item {
  std::string sop_class, instance, syntax;
  std::string path;
  uint64_t dataset_at = 0;
  std::optional<index::InstanceRow> row;
};

struct Totals {
  uint64_t sent = 0, failed = 0, skipped = 0;
};

class FileSource final : public ByteSource {
 public:
  FileSource(const std::string& path, uint64_t from) : in_(path, std::ios::binary) {
    in_.seekg(static_cast<std::streamoff>(from));
  }
  Result<size_t> read(char* out, size_t n) override {
    in_.read(out, static_cast<std::streamsize>(n));
    if (in_.bad()) return make_error(Code::io, "cannot read a file");
    return static_cast<size_t>(in_.gcount());
  }

 private:
  std::ifstream in_;
};

// nullopt: no DICOM.
Result<std::optional<Item>> look_at(const std::string& path, const dicom::Limits& limits) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(Code::io, "cannot read one of the files");
  Bytes start(limits.file_meta_bytes_max + 1024, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(in.gcount()));
  const auto envelope = dicom::parse_envelope(start, true, limits);
  if (envelope.has_error() || !*envelope || (*envelope)->sop_class.empty() ||
      (*envelope)->instance.empty()) {
    return std::optional<Item>();
  }
  Item out{(*envelope)->sop_class,       (*envelope)->instance,
           (*envelope)->transfer_syntax, path,
           (*envelope)->length,          {}};
  return std::optional(std::move(out));
}

class Sending {
 public:
  Sending(PeerCall& peer, const SendOptions& options, ReportBox& reports, Opened* opened)
      : peer_(peer), options_(options), reports_(reports), opened_(opened), line_("send") {}

  Status collect() {
    if (opened_ != nullptr) {
      const auto view = opened_->index->view();
      MEDARC_TRY(for_each_instance(
          *view, index::StudyUid(options_.study), [&](const index::InstanceRow& row) -> Status {
            items_.push_back(
                {row.sop_class.value, row.uid.value, row.transfer_syntax.value, "", 0, row});
            return {};
          }));
      if (items_.empty())
        return make_error(Code::not_found, "nothing of this study in the archive");
    }
    for (const std::string& path : options_.paths) {
      std::error_code error;
      if (!fs::is_directory(path, error)) {
        MEDARC_TRY(add_file(path));
        continue;
      }
      for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
        if (entry.is_regular_file(error)) MEDARC_TRY(add_file(entry.path().string()));
      }
      if (error) return make_error(Code::io, "cannot list one of the directories");
    }
    return {};
  }

  // As many associations as their presentation contexts need.
  Status run() {
    size_t from = 0;
    while (from < items_.size() && !interrupted()) {
      dicom::dimse::StoredForms forms;
      size_t to = from;
      for (; to < items_.size(); ++to) {
        dicom::dimse::StoredForms more = forms;
        more.emplace(items_[to].sop_class, items_[to].syntax);
        if (dicom::dimse::contexts_for(more).size() > kContextsMax) break;
        forms = std::move(more);
      }
      MEDARC_TRY(associate(forms));
      for (; from < to && !interrupted(); ++from) MEDARC_TRY(send(items_[from]));
      if (options_.commit) MEDARC_TRY(commit());
      peer_.release();
    }
    if (interrupted()) return make_error(Code::cancelled, "stopped; not everything was sent");
    return {};
  }

  const Totals& totals() const { return totals_; }
  uint64_t committed() const { return committed_; }
  const std::string& problem() const { return problem_; }

 private:
  Status add_file(const std::string& path) {
    MEDARC_ASSIGN(auto item, look_at(path, peer_.limits()));
    if (item) {
      items_.push_back(std::move(*item));
    } else {
      ++totals_.skipped;
    }
    return {};
  }

  Status associate(const dicom::dimse::StoredForms& forms) {
    auto contexts = dicom::dimse::contexts_for(forms);
    if (options_.commit) {
      for (const auto syntax : {dicom::kExplicitLittle, dicom::kImplicitLittle}) {
        contexts.push_back({std::string(dicom::kCommitmentSopClass), std::string(syntax)});
      }
    }
    MEDARC_TRY(peer_.call(std::move(contexts)));
    if (opened_ != nullptr) {
      from_archive_.emplace(peer_.association(), *opened_->imaging, principal_, false);
    }
    return {};
  }

  Status send(const Item& item) {
    uint16_t status = 0;
    if (item.row) {
      MEDARC_ASSIGN(status, from_archive_->send(*item.row, std::nullopt));
    } else {
      MEDARC_ASSIGN(status, send_file(item));
    }
    if (status == dicom::kSuccess || status >> 12 == 0xB) {
      ++totals_.sent;
      sent_.push_back({item.sop_class, item.instance, 0});
    } else {
      ++totals_.failed;
      problem_ = status_text(status, "");
    }
    line_.update(totals_.sent + totals_.failed, 0, 0);
    return {};
  }

  Result<uint16_t> send_file(const Item& item) {
    for (const auto& [id, context] : peer_.association().agreement().contexts) {
      if (context.abstract_syntax != item.sop_class || context.transfer_syntax != item.syntax) {
        continue;
      }
      FileSource source(item.path, item.dataset_at);
      return dicom::dimse::store(peer_.association(), {id, item.sop_class, item.instance},
                                 ++message_id_, source);
    }
    return dicom::kSopClassUnsupported;
  }

  Status commit() {
    if (sent_.empty()) return {};
    const CommitmentDataset wanted{dicom::dimse::new_transaction_uid(), "",
                                   std::exchange(sent_, {})};
    reports_.expect(peer_.called(), wanted.transaction);
    MEDARC_ASSIGN(const uint16_t status,
                  dicom::dimse::request_commitment(peer_.association(), peer_.limits(), wanted));
    if (status != dicom::kSuccess) {
      problem_ = "storage commitment: " + status_text(status, "");
      return {};
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(wait_s());
    const Status waited = dicom::dimse::take_reports(
        peer_.association(), peer_.called(), reports_, principal_, peer_.limits(), wait_s() * 1000,
        [&] { return reports_.came() || interrupted(); });
    if (waited.has_error()) peer_.drop();
    // A peer that has left may still call.
    if (!options_.listen.empty()) reports_.wait_until(until, [] { return interrupted(); });
    const auto report = reports_.take();
    if (!report) {
      problem_ = "storage commitment: no report came" +
                 (waited.has_error() ? ": " + waited.error().text : std::string());
      return {};
    }
    for (const auto& reference : report->references) {
      if (reference.failure == 0) {
        ++committed_;
      } else {
        problem_ = "storage commitment: " + status_text(reference.failure, "");
      }
    }
    return {};
  }

  uint32_t wait_s() const { return options_.commit_wait_s; }

  PeerCall& peer_;
  const SendOptions& options_;
  ReportBox& reports_;
  Opened* const opened_;
  ProgressLine line_;
  const security::Principal principal_ = operator_principal();
  std::vector<Item> items_;
  std::optional<dicom::dimse::StoreScu> from_archive_;
  std::vector<dicom::dimse::Reference> sent_;
  uint16_t message_id_ = 0;
  Totals totals_;
  uint64_t committed_ = 0;
  std::string problem_;
};

Result<int> run(const SendOptions& options) {
  if (options.study.empty() == options.paths.empty()) {
    return make_error(Code::invalid_argument, "give files or directories, or a --study");
  }
  MEDARC_ASSIGN(Config config, options.peer.common.config());
  MEDARC_ASSIGN(Settings settings, Settings::from(config));
  if (!options.listen.empty() && !options.commit) {
    return make_error(Code::invalid_argument, "--listen is for reports, so it needs --commit");
  }
  settings.dicom_limits.idle_timeout_ms = options.commit_wait_s * 1000;
  const dicom::dimse::CommitmentOptions commitment = settings.commitment;
  MEDARC_ASSIGN(auto peer, PeerCall::open(options.peer, settings));
  std::unique_ptr<Opened> opened;
  if (!options.study.empty()) {
    MEDARC_ASSIGN(opened, open_archive(options.peer.common.data, std::move(settings), false));
  }
  ReportBox reports(commitment);
  std::unique_ptr<dicom::dimse::ReportListener> listener;
  if (!options.listen.empty()) {
    MEDARC_ASSIGN(const Address at, parse_address(options.listen));
    MEDARC_ASSIGN(listener, dicom::dimse::ReportListener::start(at.host, at.port, peer->calling(),
                                                                peer->limits(), reports));
  }
  Sending sending(*peer, options, reports, opened.get());
  MEDARC_TRY(sending.collect());
  MEDARC_TRY(sending.run());
  const Totals& t = sending.totals();
  boost::json::object result{{"sent", t.sent}, {"failed", t.failed}, {"skipped", t.skipped}};
  if (options.commit) result["committed"] = sending.committed();
  if (!sending.problem().empty()) result["problem"] = sending.problem();
  print_result(options.peer.common, result);
  const bool all = t.failed == 0 && (!options.commit || sending.committed() == t.sent);
  return all ? kExitDone : kExitFound;
}

}  // namespace

void add_send(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<SendOptions>();
  CLI::App* verb =
      app.add_subcommand("send", "Send files or a stored study to a DICOM peer (C-STORE)");
  options->peer.add_to(*verb);
  verb->add_option("paths", options->paths, "Files and directories");
  verb->add_option("--study", options->study, "Study Instance UID of a study in --data");
  verb->add_flag("--commit", options->commit, "Have the peer promise that it keeps them");
  verb->add_option("--listen", options->listen,
                   "ADDRESS:PORT where the peer brings that promise, if it does so over an "
                   "association of its own; it must know our --aet there");
  verb->add_option("--wait", options->commit_wait_s, "Seconds to wait for an answer of the peer")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Result<int> code = run(*options);
    exit_code = code.has_error() ? fail(code.error()) : *code;
  });
}

}  // namespace medarc::tools
