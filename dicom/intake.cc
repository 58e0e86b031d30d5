#include "dicom/intake.h"

#include <algorithm>

#include "dicom/derived_uid.h"
#include "dicom/frame_table.h"
#include "dicom/json.h"
#include "dicom/levels.h"
#include "dicom/metadata_source.h"
#include "dicom/part10.h"
#include "dicom/senders/text_elements.h"
#include "dicom/values.h"
#include "records/identity.h"

namespace medarc::dicom {
namespace {

constexpr uint64_t kCutBytesMin = 64u << 10;  // pieces below it are not worth a chunk of their own
constexpr uint16_t kCannotUnderstand = 0xC000, kOutOfResources = 0xA700, kDoesNotMatch = 0xA900,
                   kProcessing = 0x0110, kMismatch = 0xB007, kCoerced = 0xB000;
constexpr Tag kSopClass{0x00080016}, kSopInstance{0x00080018}, kStudy{0x0020000D},
    kSeries{0x0020000E}, kPatientId{0x00100020};

constexpr std::string_view kMediaDirectory = "1.2.840.10008.1.3.10";

}  // namespace

Result<std::unique_ptr<Intake>> Intake::open(archive::BlobStore& blobs, const Limits& limits,
                                             StoreStart start, Sender sender) {
  const TransferSyntax syntax = transfer_syntax_or_default(start.transfer_syntax.value);
  MEDARC_ASSIGN(auto writer, blobs.writer(syntax.deflated ? archive::Cuts::content_defined
                                                          : archive::Cuts::given));
  return std::unique_ptr<Intake>(
      new Intake(std::move(writer), limits, std::move(start), std::move(sender)));
}

Intake::Intake(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits, StoreStart start,
               Sender sender)
    : limits_(limits),
      start_(std::move(start)),
      sender_(std::move(sender)),
      syntax_(transfer_syntax_or_default(start_.transfer_syntax.value)),
      writer_(std::move(writer)),
      scanner_(syntax_.encoding, limits_) {
  if (syntax_.deflated) inflater_ = std::make_unique<Inflater>(limits_.inflated_bytes_max);
}

Error Intake::refuse(Error error, uint16_t reason) {
  refused_ = true;
  refusal_.error = error;
  refusal_.reason = reason;
  refusal_.sop_class = start_.sop_class;
  refusal_.instance = start_.instance;
  if (std::string uid = plain_value(scanner_, kSopClass); senders::storable_uid(uid))
    refusal_.sop_class.value = uid;
  if (std::string uid = plain_value(scanner_, kSopInstance); senders::storable_uid(uid))
    refusal_.instance.value = uid;
  if (sender_.refused) sender_.refused(refusal_);
  return error;
}

Status Intake::write(ByteView bytes) {
  if (refused_) return refusal_.error;
  bytes_ += bytes.size();
  if (bytes_ > limits_.object_bytes_max) {
    return refuse(make_error(Code::too_large, "the object is over dicom.object_bytes_max"),
                  kOutOfResources);
  }
  if (auto scanned = scan(bytes); scanned.has_error()) {
    return refuse(scanned.error(), kCannotUnderstand);
  }
  if (auto staged = stage(bytes); staged.has_error())
    return refuse(staged.error(), kOutOfResources);
  return {};
}

Status Intake::scan(ByteView bytes) {
  if (!inflater_) return scanner_.feed(bytes);
  return inflater_->feed(bytes, [this](ByteView plain) { return scanner_.feed(plain); });
}

// Every place is known before its bytes come, however the object was split on its way, so equal
// objects are cut equally.
uint64_t Intake::next_cut() {
  if (inflater_ || !scanner_.pixel_data()) return UINT64_MAX;
  const PixelData& pixels = *scanner_.pixel_data();
  if (!pixels_begun_) {
    // The offset table stays with the header: it changes when any frame does.
    if (!pixels.encapsulated) return pixels.offset;
    return pixels.fragments_begin == 0 ? UINT64_MAX : pixels.fragments_begin;
  }
  if (frames_ <= 1) return UINT64_MAX;
  if (!pixels.encapsulated) {
    if (frames_bytes_ == 0) return UINT64_MAX;
    const uint64_t group = (last_cut_ - pixels.offset) / frames_bytes_ + 1;
    const uint64_t at = pixels.offset + group * frames_bytes_;
    return at < pixels.offset + pixels.length ? at : UINT64_MAX;
  }
  // Behind a fragment, so that the next one is in a chunk with its own length.
  const auto end = [](const Fragment& f) { return f.offset + f.length; };
  while (next_fragment_ < pixels.fragments.size() &&
         end(pixels.fragments[next_fragment_]) < last_cut_ + kCutBytesMin) {
    ++next_fragment_;
  }
  return next_fragment_ < pixels.fragments.size() ? end(pixels.fragments[next_fragment_])
                                                  : UINT64_MAX;
}

Status Intake::stage(ByteView bytes) {
  uint64_t at = bytes_ - bytes.size();
  while (true) {
    const uint64_t cut = next_cut();
    if (cut > at + bytes.size()) break;
    if (cut >= at) {
      MEDARC_TRY(writer_->write(bytes.substr(0, cut - at)));
      bytes.remove_prefix(cut - at);
      at = cut;
      writer_->cut();
    }
    last_cut_ = cut;
    if (!pixels_begun_) {
      pixels_begun_ = true;
      const PixelData& pixels = *scanner_.pixel_data();
      frames_ = static_cast<uint64_t>(
          std::max<int64_t>(1, number_value(scanner_, Tag{0x00280008}).value_or(1)));
      if (!pixels.encapsulated) {
        writer_->content(archive::Content::pixels);
        // As many whole frames as are worth a chunk.
        const uint64_t one = pixels.length / frames_;
        if (one > 0) frames_bytes_ = (kCutBytesMin + one - 1) / one * one;
      }
    }
  }
  return writer_->write(bytes);
}

// Something unusual: told to the sender, kept with the instance, counted.
void Intake::note(std::string_view kind, Tag attribute, std::string text, std::string detail) {
  const bool ours = kind == senders::kFoundCorrected;
  warnings_.push_back({ours ? kCoerced : kMismatch, detail.empty() ? text : text + ": " + detail});
  findings_.push_back({std::string(kind), attribute, std::move(text), std::move(detail)});
}

void Intake::judge_text() {
  diagnosis_ = senders::diagnose(scanner_);
  if (!diagnosis_.doubted) return;
  note(senders::kFoundCharset, senders::kSpecificCharacterSet,
       "text in " + senders::summary(diagnosis_), senders::grounds(diagnosis_));
}

// The dataset's bytes name an instance that nothing else names.
Status Intake::name_after_bytes(senders::Corrections& corrections) {
  if (!treatment_.accepted.missing_instance_uid) return {};
  if (!start_.instance.value.empty() || !plain_value(scanner_, kSopInstance).empty()) return {};
  MEDARC_TRY(end_blob());
  corrections.coercions.push_back({senders::Coercion::Kind::set,
                                   kSopInstance,
                                   {},
                                   derived_uid("instance of " + blob_->digest.hex())});
  note(senders::kFoundAccepted, kSopInstance, "SOP Instance UID is missing: derived");
  return {};
}

// What the rules for this sender say. From here on the header is as it is served.
Status Intake::treat() {
  if (sender_.rules.empty()) return {};
  std::vector<senders::Finding> prevented;
  treatment_ = senders::treatment(sender_.rules, scanner_, diagnosis_, prevented);
  for (senders::Finding& f : prevented) {
    note(f.kind, f.attribute, std::move(f.text), std::move(f.detail));
  }
  senders::Corrections& corrections = treatment_.corrections;
  MEDARC_TRY(name_after_bytes(corrections));
  if (corrections.none()) return {};
  corrections.time = now();
  corrections.system = sender_.system;
  corrections.source = sender_.name;
  for (const senders::Correction& c : senders::apply(corrections, scanner_)) {
    corrected_ = true;
    using Kind = senders::Correction::Kind;
    note(senders::kFoundCorrected, c.attribute,
         c.kind == Kind::character_set ? "served as UTF-8, by a rule for this sender"
         : c.kind == Kind::uid         ? "served with repaired UIDs, by a rule for this sender"
                                       : "served as a rule for this sender says");
  }
  return {};
}

Status Intake::end_blob() {
  if (blob_) return {};
  auto blob = writer_->finish();
  if (blob.has_error()) return refuse(blob.error(), kOutOfResources);
  blob_ = std::move(*blob);
  return {};
}

// An instance that names no study or series is kept all the same (S11), under UIDs that follow from
// what it does name, so that it is found and a second copy is a duplicate.
void Intake::file_somewhere(InstanceRow& row) {
  if (row.study.value.empty()) {
    const std::string& near = row.series.value.empty() ? row.uid.value : row.series.value;
    row.study.value = derived_uid("study of " + near);
    note(senders::kFoundIdentity, kStudy,
         "Study Instance UID is missing: filed under one of our own");
  }
  if (row.series.value.empty()) {
    row.series.value =
        derived_uid("series of " + row.study.value + " " + plain_value(scanner_, Tag{0x00080060}));
    note(senders::kFoundIdentity, kSeries,
         "Series Instance UID is missing: filed under one of our own");
  }
}

Status Intake::check_identity(index::StoreInstance& fact) {
  InstanceRow& row = fact.instance;
  row.study.value = plain_value(scanner_, kStudy);
  row.series.value = plain_value(scanner_, kSeries);
  row.uid.value = plain_value(scanner_, kSopInstance);
  row.sop_class.value = plain_value(scanner_, kSopClass);
  const std::string announced = senders::repaired_uid(start_.instance.value, treatment_.uids);
  if (row.uid.value.empty()) row.uid.value = announced;
  if (row.sop_class.value.empty()) row.sop_class = start_.sop_class;
  if (row.sop_class.value == kMediaDirectory) {
    return refuse(make_error(Code::invalid_argument, "a DICOMDIR is no instance"), kDoesNotMatch);
  }
  const bool any_study = !start_.study_wanted || treatment_.accepted.other_study;
  if (!row.uid.value.empty() && any_study) file_somewhere(row);
  struct Wanted {
    const std::string& uid;
    Tag tag;
    const char* name;
  };
  for (const Wanted& w : {Wanted{row.uid.value, kSopInstance, "SOP Instance UID"},
                          Wanted{row.study.value, kStudy, "Study Instance UID"},
                          Wanted{row.series.value, kSeries, "Series Instance UID"},
                          Wanted{row.sop_class.value, kSopClass, "SOP Class UID"}}) {
    if (w.uid.empty()) {
      return refuse(make_error(Code::invalid_argument, std::string(w.name) + " is missing"),
                    kDoesNotMatch);
    }
    if (!senders::storable_uid(w.uid)) {
      return refuse(make_error(Code::invalid_argument, std::string(w.name) + " is no UID"),
                    kCannotUnderstand);
    }
    if (!senders::conformant_uid(w.uid)) {
      note(senders::kFoundUid, w.tag, std::string(w.name) + " does not conform to PS3.5 section 9");
    }
  }
  if (start_.study_wanted &&
      senders::repaired_uid(start_.study_wanted->value, treatment_.uids) != row.study.value) {
    if (!treatment_.accepted.other_study) {
      return refuse(make_error(Code::conflict, "the instance belongs to another study"),
                    kProcessing);
    }
    note(senders::kFoundAccepted, kStudy, "the instance belongs to another study than was said");
  }
  if (!announced.empty() && announced != row.uid.value) {
    note(senders::kFoundAnnounced, kSopInstance,
         "the SOP Instance UID of the dataset differs from the one announced");
  }
  if (!start_.sop_class.value.empty() && start_.sop_class != row.sop_class) {
    note(senders::kFoundAnnounced, kSopClass,
         "the SOP Class UID of the dataset differs from the one announced");
  }
  return {};
}

Result<Prepared> Intake::prepare() {
  if (refused_) return refusal_.error;
  if (inflater_ && !inflater_->ended()) {
    return refuse(make_error(Code::invalid_argument, "the deflated dataset is cut short"),
                  kCannotUnderstand);
  }
  if (auto done = scanner_.finish(); done.has_error())
    return refuse(done.error(), kCannotUnderstand);
  if (scanner_.elements().empty()) {
    return refuse(make_error(Code::invalid_argument, "the dataset is empty"), kCannotUnderstand);
  }
  Prepared out;
  index::StoreInstance& fact = out.fact;
  for (const std::string& text : scanner_.warnings()) note(senders::kFoundStructure, {}, text);
  judge_text();
  MEDARC_TRY(treat());
  MEDARC_TRY(check_identity(fact));
  LevelAttributes levels = attributes_of(scanner_);
  levels.study.set(kStudy, "UI", {fact.instance.study.value});
  levels.series.set(kSeries, "UI", {fact.instance.series.value});
  fact.patient.id = levels.patient.first(kPatientId);
  fact.patient.issuer = levels.patient.first(Tag{0x00100021});
  if (!levels.text_clean && !diagnosis_.doubted) {
    note(senders::kFoundText, senders::kSpecificCharacterSet,
         "text that its character set does not explain");
  }
  if (const std::string_view other = format_of_preamble(start_.envelope.value_or(Bytes()));
      !other.empty()) {
    note(senders::kFoundFile, {}, "its preamble makes the file " + std::string(other) + " too");
  }
  if (fact.patient.id.empty()) note(senders::kFoundIdentity, kPatientId, "no Patient ID");
  fact.patient_if_new = records::patient_key(fact.patient, fact.instance.study.value);
  fact.patient_attributes = std::move(levels.patient);
  fact.study_attributes = std::move(levels.study);
  fact.series_attributes = std::move(levels.series);
  InstanceRow& row = fact.instance;
  row.attributes = std::move(levels.instance);
  row.transfer_syntax = start_.transfer_syntax;
  row.envelope_received = start_.envelope.has_value();
  row.envelope = row.envelope_received ? std::move(*start_.envelope)
                                       : make_envelope(row.sop_class, row.uid, row.transfer_syntax);
  std::string frames_warning;
  row.frame_table = FrameTable::make(scanner_, &frames_warning).encode();
  if (!frames_warning.empty()) note(senders::kFoundFrames, {}, frames_warning);
  fact.metadata_zstd =
      pack_metadata(metadata_json(scanner_, row.uid.value, row.transfer_syntax.value));
  if (corrected_) senders::keep(treatment_.corrections, row);
  senders::keep(sender_.name, std::move(findings_), row);
  // What was coerced is told first, where an answer names one reason.
  std::stable_partition(warnings_.begin(), warnings_.end(),
                        [](const Warning& w) { return w.reason == kCoerced; });
  out.warnings = std::move(warnings_);
  MEDARC_TRY(end_blob());
  row.dataset = blob_->digest;
  row.dataset_bytes = blob_->size;
  out.blobs.push_back(std::move(*blob_));
  return out;
}

}  // namespace medarc::dicom
