#include "genomics/genome_store.h"

#include <algorithm>
#include <atomic>

#include "archive/recoding.h"
#include "genomics/encrypted_upload.h"
#include "genomics/file_id.h"
#include "genomics/sorting.h"
#include "genomics/stored_bytes.h"
#include "genomics/upload.h"
#include "index/file_content.h"
#include "records/identity.h"

namespace medarc::genomics {
namespace {

using security::Action;
using security::Domain;
using security::Object;

constexpr size_t kTextBytesMax = 256;  // of names and samples given by a client
constexpr index::Tag kPatientIdTag{0x00100020};
constexpr uint32_t kPatientsMax = 16;  // that one PatientID may mean in a filter

Status check_text(std::string_view text, const char* what) {
  const bool control =
      std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (control || text.size() > kTextBytesMax) {
    return make_error(Code::invalid_argument,
                      std::string(what) + ": at most 256 characters, no control characters");
  }
  return {};
}

index::Term equal(index::Tag field, std::vector<std::string> values) {
  return {field, index::TermOp::equal, std::move(values)};
}

class Store final : public GenomeStore, public StoredBytes {
 public:
  Store(index::Index& index, security::Guard& guard, Limits limits, ConsentRules consent,
        std::unique_ptr<crypt4gh::Vault> vault)
      : index_(index),
        guard_(guard),
        limits_(limits),
        consent_(std::move(consent)),
        read_sets_(index.blobs(), limits),
        references_(index, guard, limits, consent_),
        crams_(index, guard, references_, limits, consent_) {
    if (vault) crypt4gh_ = std::make_unique<Crypt4gh>(index, guard, std::move(vault));
  }

  Result<std::unique_ptr<Upload>> begin(const Principal& who, UploadStart start) override {
    MEDARC_TRY(guard_.authorise(who, Action::store, {Domain::genomes, "files", ""}));
    if (!start.mate.empty()) MEDARC_TRY(check_mate(who, FileId(start.mate)));
    FileRow row;
    MEDARC_TRY(check_text(start.name, "name"));
    MEDARC_TRY(check_text(start.sample, "sample"));
    if (!start.id.empty()) MEDARC_TRY(check_file_id(start.id));
    row.id = FileId(start.id.empty() ? new_file_id() : start.id);
    row.name = start.name;
    if (!start.sample.empty()) row.samples.push_back(start.sample);
    std::optional<index::Identifier> patient;
    if (!start.patient.empty()) {
      MEDARC_ASSIGN(auto meant, records::parse_patient_reference(start.patient));
      if (meant.identifier && meant.identifier->issuer.empty()) {
        // Whoever alone has this id already is meant, whatever the issuer.
        MEDARC_ASSIGN(const auto known, patients_of(start.patient));
        if (known.size() == 1) meant.key = index::PatientKey(known[0]);
      }
      if (meant.key) {
        row.patient = *meant.key;
      } else {
        patient = meant.identifier;
      }
    }
    auto upload =
        std::make_unique<StoreUpload>(index_, guard_, references_, crams_, limits_, who,
                                      std::move(start), std::move(row), std::move(patient));
    if (!crypt4gh_) return std::unique_ptr<Upload>(std::move(upload));
    return std::unique_ptr<Upload>(
        std::make_unique<EncryptedUpload>(std::move(upload), *crypt4gh_, limits_));
  }

  Result<FilePage> list(const Principal& who, const FileQuery& query) override {
    return list_files(who, query, std::nullopt);
  }
  Result<FilePage> list_with_bytes(const Principal& who, const FileQuery& query,
                                   const Digest& sha256) override {
    return list_files(who, query, sha256);
  }

  Result<FileRow> file(const Principal& who, const FileId& id) override {
    MEDARC_TRY(
        guard_.admit(who, Action::read, {Domain::genomes, "file/" + id.value, "description"}));
    return file_admitted(id);
  }

  Result<FileRow> file_admitted(const FileId& id) override {
    if (check_file_id(id.value).has_error()) {
      return make_error(Code::not_found, "there is no genome file of this id");
    }
    MEDARC_ASSIGN(auto row, index_.view()->file(id));
    if (!row) return make_error(Code::not_found, "there is no genome file of this id");
    return std::move(*row);
  }

  Result<Permit> permit(const Asker& who, const FileRow& row) override {
    return permit_audited(guard_, consent_, who, row);
  }
  const ConsentRules& consent_rules() const override { return consent_; }

  Result<std::optional<FileHeader>> places(const Principal& who, const FileId& id) override {
    MEDARC_TRY(guard_.authorise(who, Action::administer,
                                {Domain::genomes, "file/" + id.value, "consent"}));
    MEDARC_ASSIGN(const FileRow row, file_admitted(id));
    return header_of(row);
  }

  Result<FileRow> set_consent(const Principal& who, const FileId& id, Consent consent,
                              std::optional<uint64_t> expected) override {
    const Object object{Domain::genomes, "file/" + id.value, "consent"};
    MEDARC_TRY(guard_.authorise(who, Action::administer, object));
    MEDARC_ASSIGN(const FileRow row, file_admitted(id));
    MEDARC_ASSIGN(const auto header, header_of(row));
    MEDARC_TRY(check_consent(consent, header ? &*header : nullptr, consent_));
    index::Facts facts;
    facts.time = now();
    facts.ops.emplace_back(index::SetConsent{id, std::move(consent), expected});
    facts.ops.push_back(guard_.audit_op(who, Action::administer, object));
    MEDARC_ASSIGN(const auto done, index_.commit({}, std::move(facts)));
    switch (done.outcomes.at(0).state) {
      case index::State::precondition_failed:
        return make_error(Code::precondition_failed, "the consent is of another version by now");
      case index::State::not_found:
        return make_error(Code::not_found, "there is no genome file of this id");
      default: return file_admitted(id);
    }
  }

  Result<std::unique_ptr<archive::BlobReader>> content(const Asker& who,
                                                       const FileRow& row) override {
    MEDARC_TRY(permit_whole(who, row));
    MEDARC_TRY(
        guard_.admit(who, Action::read, {Domain::genomes, "file/" + row.id.value, "content"}));
    return open_admitted(row.blob);
  }

  Result<std::unique_ptr<archive::BlobReader>> index_file(const Asker& who,
                                                          const FileRow& row) override {
    if (!row.index_blob) return make_error(Code::not_found, "the file has no index");
    MEDARC_TRY(permit_whole(who, row));
    MEDARC_TRY(guard_.admit(who, Action::read, {Domain::genomes, "file/" + row.id.value, "index"}));
    return open_admitted(*row.index_blob);
  }

  Result<std::unique_ptr<archive::BlobReader>> attachment(const Asker& who, const FileRow& row,
                                                          std::string_view role) override {
    // Neither holds anything of a single record: numbers over all of them, the header's text.
    const bool of_no_record = role == "quality" || role == "header";
    if (!of_no_record) MEDARC_TRY(permit_whole(who, row));
    return masked_attachment(who, row, role);
  }

  Result<std::unique_ptr<archive::BlobReader>> masked_attachment(const Asker& who,
                                                                 const FileRow& row,
                                                                 std::string_view role) override {
    MEDARC_TRY(permit(who, row));
    const index::Attachment* found = index::attachment(row, role);
    if (found == nullptr) {
      Error none =
          not_sliced(row, make_error(Code::unsupported, "the file has no " + std::string(role)));
      if (none.code == Code::unsupported) none.code = Code::not_found;
      return none;
    }
    MEDARC_TRY(guard_.admit(who, Action::read,
                            {Domain::genomes, "file/" + row.id.value, std::string(role)}));
    return open_admitted(found->blob);
  }

  Result<Manifest> manifest(const Asker& who, const FileRow& row, uint64_t from) override {
    MEDARC_TRY(permit_whole(who, row));
    MEDARC_TRY(
        guard_.admit(who, Action::read, {Domain::genomes, "file/" + row.id.value, "manifest"}));
    archive::ChunkLists* const lists = archive::chunk_lists_of(index_.blobs());
    if (lists == nullptr) return make_error(Code::unsupported, "this archive keeps no chunks");
    return Manifest::open(*lists, row.blob, row.bytes, from);
  }

  Result<Findings> findings(const Principal& who, const FileRow& row) override {
    return findings_of(*index_.view(), who, row);
  }

  Result<FileStorage> storage(const FileRow& row) override {
    MEDARC_ASSIGN(const archive::BlobInfo info, index_.blobs().stat(row.blob));
    FileStorage out{info.size, info.stored_bytes, false};
    archive::Recoding* const recoding = archive::recoding_of(index_.blobs());
    if (recoding != nullptr && out.stored_bytes < out.bytes) {
      MEDARC_ASSIGN(out.cold, recoding->any_coded(row.blob));
    }
    return out;
  }

  Result<std::unique_ptr<archive::BlobReader>> open_admitted(const Digest& blob) override {
    return index_.blobs().open(blob);
  }

  Status remove(const Principal& who, const FileId& id) override {
    const Object object{Domain::genomes, "file/" + id.value, ""};
    MEDARC_TRY(guard_.authorise(who, Action::remove, object));
    MEDARC_TRY(file_admitted(id));
    index::Facts facts;
    facts.time = now();
    facts.ops.emplace_back(index::RemoveFile{id});
    facts.ops.push_back(guard_.audit_op(who, Action::remove, object));
    MEDARC_ASSIGN(const auto done, index_.commit({}, std::move(facts)));
    if (done.outcomes.at(0).state == index::State::not_found) {
      return make_error(Code::not_found, "there is no genome file of this id");
    }
    return {};
  }

  Result<std::shared_ptr<const ReadSet>> read_set(const Asker& who, const FileRow& row) override {
    MEDARC_ASSIGN(const Permit permitted, permit(who, row));
    return set_of(row, permitted.withheld);
  }

  Result<FileRow> planned_file(const FileId& id, uint64_t consent_version) override {
    MEDARC_ASSIGN(FileRow row, file_admitted(id));
    if (row.consent.version != consent_version) {
      return make_error(Code::gone, "the file's consent was changed: ask for a new data URL");
    }
    return row;
  }
  Result<std::shared_ptr<const ReadSet>> planned_set(const FileRow& row) override {
    return set_of(row, {});
  }

  Result<std::optional<SortState>> sort_state(const FileRow& row) override {
    using Answer = std::optional<SortState>;
    if (row.format != "bam" || !row.block_map_blob || index::attachment(row, "sorted") != nullptr) {
      return Answer();
    }
    MEDARC_ASSIGN(const bool sorted, stored_map_sorted(index_.blobs(), *row.block_map_blob));
    if (sorted) return Answer();
    MEDARC_ASSIGN(const auto job, sort_job_of(*index_.view(), row.id));
    const Sorting* sorting = sorting_;
    SortState state;
    if (job) state.problem = job->problem;
    if (job && job->state == index::JobRow::State::failed) {
      state.phase = SortState::Phase::failed;
    } else if (sorting == nullptr) {
      return Answer();
    } else if (const auto done = sorting->progress(row.id)) {
      state.phase = SortState::Phase::running;
      state.done = *done;
    } else if (!job && !sorting->offered()) {
      return Answer();
    }
    return Answer(std::move(state));
  }

  Error not_sliced(const FileRow& row, Error error) override {
    if (error.code != Code::unsupported) return error;
    const auto state = sort_state(row);
    if (state.has_error()) return state.error();
    if (!*state) return error;
    if ((*state)->phase == SortState::Phase::failed) {
      return make_error(Code::unsupported,
                        error.text + "; sorting it failed: " + (*state)->problem);
    }
    return make_error(Code::unavailable,
                      "the file is not sorted by coordinate; it is being sorted: try again later");
  }

  void sorted_by(const Sorting* sorting) override { sorting_ = sorting; }

  Status admit_search(const Principal& who, const std::string& detail) override {
    return guard_.admit(who, Action::find, {Domain::genomes, "variants", detail});
  }

  Status admit_slice(const Asker& who, const FileRow& row, const ReadSet& set,
                     const Selection& selection) override {
    MEDARC_ASSIGN(const Permit permitted, permit(who, row));
    std::string detail = detail_of(set, selection);
    if (!permitted.purpose.empty()) detail += " " + permitted.purpose;
    if (!set.withheld.empty()) {
      detail += ", without " + std::to_string(set.withheld.size()) + " regions";
    }
    return guard_.admit(who, Action::read,
                        {Domain::genomes, "file/" + row.id.value, std::move(detail)});
  }

  StoredBytes& stored_bytes() override { return *this; }
  References& references() override { return references_; }
  CramReads& crams() override { return crams_; }
  Crypt4gh* crypt4gh() override { return crypt4gh_.get(); }
  const Limits& limits() const override { return limits_; }

 private:
  Result<FilePage> list_files(const Principal& who, const FileQuery& query,
                              const std::optional<Digest>& sha256) {
    std::string keys;
    index::Query q;
    q.kind = index::Kind::file;
    q.order = index::Order::newest_first;
    q.limit = query.limit;
    q.after = query.cursor;
    if (!query.sample.empty()) {
      keys += " sample";
      q.all_of_any.push_back({equal(index::kFieldSample, {query.sample})});
    }
    if (!query.format.empty()) {
      keys += " format";
      q.all_of_any.push_back({equal(index::kFieldFormat, {query.format})});
    }
    if (sha256) {
      keys += " sha256";
      q.all_of_any.push_back({equal(index::kFieldContent, {sha256->hex()})});
    }
    if (!query.patient.empty()) keys += " patient";
    MEDARC_TRY(guard_.admit(who, Action::find, {Domain::genomes, "files", "by" + keys}));
    if (sha256) {
      const auto there = index_.blobs().open(*sha256);
      if (there.has_error() && there.error().code == Code::not_found) return FilePage{};
      if (there.has_error()) return there.error();
    }
    if (!query.patient.empty()) {
      MEDARC_ASSIGN(auto patients, patients_of(query.patient));
      if (patients.empty()) return FilePage{};
      q.all_of_any.push_back({equal(index::kFieldPatientKey, std::move(patients))});
    }
    MEDARC_ASSIGN(index::Page page, index_.view()->query(q));
    FilePage out;
    out.next = std::move(page.next);
    for (const index::Match& m : page.matches) {
      MEDARC_ASSIGN(FileRow row, index::decode_file(m.row.value));
      out.files.push_back(std::move(row));
    }
    return out;
  }

  Result<std::shared_ptr<const ReadSet>> set_of(const FileRow& row,
                                                const std::vector<ConsentRegion>& withheld) {
    if (!row.block_map_blob) {
      return make_error(Code::unsupported,
                        row.format == "vcf" || row.format == "bed"
                            ? "the file is not in BGZF blocks (notBgzf), so it has no regions"
                            : "only BAM, VCF, BCF and BED files are given by region");
    }
    const index::Attachment* sorted = index::attachment(row, "sorted");
    const index::Attachment* map = index::attachment(row, "sorted.map");
    if (sorted != nullptr && map != nullptr) {
      return read_sets_.find(sorted->blob, map->blob, withheld);
    }
    return read_sets_.find(row.blob, *row.block_map_blob, withheld);
  }

  // Of files whose records have places; nullopt: this one's do not, or not by region.
  Result<std::optional<FileHeader>> header_of(const FileRow& row) {
    using Answer = std::optional<FileHeader>;
    if (row.block_map_blob) {
      MEDARC_ASSIGN(const auto set, set_of(row, {}));
      return Answer(set->header);
    }
    if (row.format != "cram") return Answer();
    MEDARC_ASSIGN(const auto set, crams_.load(row));
    return Answer(set->header);
  }

  Status permit_whole(const Asker& who, const FileRow& row) {
    MEDARC_ASSIGN(const Permit permitted, permit(who, row));
    if (permitted.whole()) return {};
    const std::string count = std::to_string(permitted.withheld.size());
    guard_.refused(who, {Domain::genomes, "file/" + row.id.value,
                         "consent: whole file, " + count + " regions withheld"});
    return make_error(Code::permission_denied,
                      "consent: " + count +
                          " regions of this file are withheld, so it is not given as a whole: ask "
                          "for slices, which leave them out");
  }

  // Per reference sequence and not per position, so that a viewer that scrolls pays one entry.
  static std::string detail_of(const ReadSet& set, const Selection& selection) {
    const std::string records = records_called(set.form);
    if (!selection.regions) return "all " + records;
    if (selection.regions->empty()) return "header";
    std::string out = records + " of";
    int32_t last = -2;
    for (const Region& r : merge_regions(*selection.regions)) {
      if (r.tid == last) continue;
      last = r.tid;
      if (out.size() > 200) return out + " and others";
      out +=
          " " + (r.tid < 0 ? std::string("*")
                           : set.header.references[static_cast<size_t>(r.tid)].name.substr(0, 64));
    }
    return out;
  }

  Status check_mate(const Principal& who, const FileId& id) {
    MEDARC_TRY(guard_.admit(who, Action::read, {Domain::genomes, "file/" + id.value, "mates"}));
    auto held = file_admitted(id);
    if (held.has_error()) return with_context(std::move(held).error(), "mate");
    if (held->format == "fastq") return {};
    return make_error(Code::invalid_argument, "mate: only FASTQ files have mates");
  }

  // Keys of the patients that a reference may mean.
  Result<std::vector<std::string>> patients_of(const std::string& reference) {
    MEDARC_ASSIGN(const auto meant, records::parse_patient_reference(reference));
    if (meant.key) return std::vector<std::string>{meant.key->value};
    const auto view = index_.view();
    MEDARC_ASSIGN(const auto exact, view->patient(*meant.identifier));
    if (exact) return std::vector<std::string>{exact->key.value};
    std::vector<std::string> out;
    if (!meant.identifier->issuer.empty()) return out;
    index::Query q;
    q.kind = index::Kind::patient;
    q.limit = kPatientsMax;
    q.all_of_any.push_back({equal(kPatientIdTag, {meant.identifier->id})});
    MEDARC_ASSIGN(const auto page, view->query(q));
    for (const index::Match& m : page.matches) out.push_back(m.row.id);
    return out;
  }

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  const ConsentRules consent_;
  ReadSetCache read_sets_;
  std::atomic<const Sorting*> sorting_{nullptr};
  References references_;
  CramReads crams_;  // after references_, which it uses
  std::unique_ptr<Crypt4gh> crypt4gh_;
};

}  // namespace

std::unique_ptr<GenomeStore> GenomeStore::create(index::Index& index, security::Guard& guard,
                                                 Limits limits, ConsentRules consent,
                                                 std::unique_ptr<crypt4gh::Vault> vault) {
  return std::make_unique<Store>(index, guard, limits, std::move(consent), std::move(vault));
}

}  // namespace medarc::genomics
