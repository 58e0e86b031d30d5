// medarc export: the stored bytes as files again, with a list of what is where. File names are our
// own (a peer's text never becomes a path); manifest.tsv says which object each is.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "archive/hash.h"
#include "dicom/history.h"
#include "dicom/instant.h"
#include "tools/opened.h"
#include "tools/progress.h"
#include "tools/walk.h"

namespace medarc::tools {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  Common common;
  std::string to;
  std::string study, file, patient, as_of;
};

struct Totals {
  uint64_t objects = 0, bytes = 0;
};

// Copies a source into a new file; answers its size and digest.
struct Copied {
  uint64_t bytes = 0;
  Digest digest;
};
Result<Copied> copy(const std::function<Result<size_t>(char*, size_t)>& read, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  archive::Sha256 hash;
  std::vector<char> buffer(1 << 20);
  Copied copied;
  while (true) {
    MEDARC_ASSIGN(const size_t n, read(buffer.data(), buffer.size()));
    if (n == 0) break;
    hash.update({buffer.data(), n});
    copied.bytes += n;
    out.write(buffer.data(), static_cast<std::streamsize>(n));
  }
  out.close();
  if (!out) return make_error(Code::io, "cannot write to the export directory");
  copied.digest = hash.finish();
  return copied;
}

class Exporter {
 public:
  Exporter(Opened& opened, const ExportOptions& options)
      : opened_(opened), options_(options), progress_("export"), view_(opened.index->view()) {}

  Result<Totals> run() {
    std::error_code error;
    fs::create_directories(options_.to, error);
    manifest_.open(fs::path(options_.to) / "manifest.tsv", std::ios::trunc);
    if (!manifest_) return make_error(Code::io, "cannot write to the export directory");
    manifest_ << "path\tkind\tid\tbytes\tsha256\n";
    MEDARC_ASSIGN(patient_, chosen_patient());
    MEDARC_ASSIGN(at_, chosen_moment());
    if (options_.file.empty()) MEDARC_TRY(studies());
    if (options_.study.empty() && !at_) MEDARC_TRY(files());
    if ((!options_.study.empty() || !options_.file.empty()) && totals_.objects == 0) {
      return make_error(Code::not_found, "nothing of this id in the archive");
    }
    manifest_.close();
    if (!manifest_) return make_error(Code::io, "cannot write to the export directory");
    return totals_;
  }

 private:
  // The key behind --patient, which is a Patient ID, issuer|ID or our key; nullopt: everybody.
  Result<std::optional<index::PatientKey>> chosen_patient() {
    if (options_.patient.empty()) return std::optional<index::PatientKey>();
    MEDARC_ASSIGN(const auto by_key, view_->patient(index::PatientKey(options_.patient)));
    if (by_key) return std::optional(by_key->key);
    const size_t bar = options_.patient.find('|');
    index::Identifier identifier;
    identifier.id = bar == std::string::npos ? options_.patient : options_.patient.substr(bar + 1);
    if (bar != std::string::npos) identifier.issuer = options_.patient.substr(0, bar);
    MEDARC_ASSIGN(const auto by_identifier, view_->patient(identifier));
    if (!by_identifier) return make_error(Code::not_found, "no such patient");
    return std::optional(by_identifier->key);
  }

  Result<std::optional<Timestamp>> chosen_moment() const {
    if (options_.as_of.empty()) return std::optional<Timestamp>();
    const auto at = dicom::parse_instant(options_.as_of);
    if (at && *at <= now()) return at;
    return make_error(Code::invalid_argument,
                      "--as-of is no moment that has been: 2026-01-31T08:15:30Z, 20260131081530");
  }

  // What is exported of an instance; nullopt: it was not there.
  Result<std::optional<index::InstanceRow>> chosen_version(const index::InstanceRow& latest) {
    if (!at_) return std::optional<index::InstanceRow>(latest);
    return dicom::version_at(*view_, latest, *at_);
  }

  Status studies() {
    uint64_t number = 0;
    return for_each_study(*view_, [&](const index::StudyRow& study) -> Status {
      if (!options_.study.empty() && study.uid.value != options_.study) return {};
      if (patient_ && study.patient != *patient_) return {};
      if (at_) MEDARC_TRY(dicom::check_kept_since(*view_, study.uid, {}, *at_));
      const std::string folder = fmt::format("study-{:06}", ++number);
      uint64_t instance = 0;
      return for_each_instance(*view_, study.uid, [&](const index::InstanceRow& latest) -> Status {
        MEDARC_ASSIGN(const auto row, chosen_version(latest));
        if (!row) return {};
        MEDARC_ASSIGN(dicom::Content content,
                      opened_.imaging->object(principal_, *row, dicom::Form::original));
        return put(fmt::format("{}/{:07}.dcm", folder, ++instance), "instance", row->uid.value,
                   [&](char* out, size_t n) { return content.source->read(out, n); });
      });
    });
  }

  Status files() {
    uint64_t number = 0;
    return for_each_file(*view_, [&](const index::FileRow& row) -> Status {
      if (!options_.file.empty() && row.id.value != options_.file) return {};
      if (patient_ && row.patient != *patient_) return {};
      MEDARC_TRY(
          opened_.guard->admit(principal_, security::Action::read,
                               {security::Domain::genomes, "file/" + row.id.value, "export"}));
      MEDARC_ASSIGN(auto reader, opened_.index->blobs().open(row.blob));
      uint64_t at = 0;
      const auto read = [&](char* out, size_t n) -> Result<size_t> {
        const uint64_t take = std::min<uint64_t>(n, reader->size() - at);
        if (take > 0) MEDARC_TRY(reader->read({at, take}, out));
        at += take;
        return static_cast<size_t>(take);
      };
      // Formats are our own closed list, so they are safe as a suffix.
      return put(fmt::format("genomes/{:06}.{}", ++number, row.format), "file", row.id.value, read);
    });
  }

  Status put(const std::string& path, std::string_view kind, const std::string& id,
             const std::function<Result<size_t>(char*, size_t)>& read) {
    if (interrupted()) return make_error(Code::cancelled, "stopped; the export is not complete");
    MEDARC_ASSIGN(const Copied copied, copy(read, fs::path(options_.to) / path));
    manifest_ << path << '\t' << kind << '\t' << id << '\t' << copied.bytes << '\t'
              << copied.digest.hex() << '\n';
    totals_.bytes += copied.bytes;
    progress_.update(++totals_.objects, totals_.bytes, 0);
    return {};
  }

  Opened& opened_;
  const ExportOptions& options_;
  ProgressLine progress_;
  std::unique_ptr<index::View> view_;
  const security::Principal principal_ = operator_principal();
  std::optional<index::PatientKey> patient_;
  std::optional<Timestamp> at_;
  std::ofstream manifest_;
  Totals totals_;
};

Status run(const ExportOptions& options) {
  MEDARC_ASSIGN(auto opened, open_archive(options.common, false));
  Result<Totals> totals = Exporter(*opened, options).run();
  if (totals.has_error()) return totals.error();
  print_result(options.common, {{"objects", totals->objects}, {"bytes", totals->bytes}});
  return {};
}

}  // namespace

void add_export(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* verb = app.add_subcommand("export", "Write stored objects as files, byte for byte");
  options->common.add_to(*verb);
  verb->add_option("--to", options->to, "Directory to write to")->required();
  auto* study = verb->add_option("--study", options->study, "Only this Study Instance UID");
  auto* file = verb->add_option("--file", options->file, "Only this genomic file id");
  verb->add_option("--patient", options->patient, "Only of this patient: ID, issuer|ID or key");
  study->excludes(file);
  verb->add_option("--as-of", options->as_of,
                   "Images as they were at this moment; fails when some have been removed since")
      ->excludes(file);
  verb->callback([options, &exit_code] {
    catch_interrupt();
    const Status done = run(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
