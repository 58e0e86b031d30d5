#include "dicom/intake.h"

#include <algorithm>

#include "dicom/derived_uid.h"
#include "dicom/frame_table.h"
#include "dicom/json.h"
#include "dicom/levels.h"
#include "dicom/metadata_source.h"
#include "dicom/part10.h"
#include "dicom/values.h"
#include "records/identity.h"

namespace medarc::dicom {
namespace {

constexpr uint64_t kCutBytesMin = 64u << 10;  // pieces below it are not worth a chunk of their own
constexpr size_t kUidBytesMax = 128;          // the standard says 64; some scanners send more
constexpr uint16_t kCannotUnderstand = 0xC000, kOutOfResources = 0xA700, kDoesNotMatch = 0xA900,
                   kProcessing = 0x0110, kMismatch = 0xB007;

constexpr std::string_view kMediaDirectory = "1.2.840.10008.1.3.10";

// Storable as a name: letters (some scanners), digits and dots. Anything else could be a path or
// markup somewhere else.
bool storable_uid(std::string_view uid) {
  if (uid.empty() || uid.size() > kUidBytesMax || uid.find("..") != std::string_view::npos)
    return false;
  return std::all_of(uid.begin(), uid.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '.'; });
}

// As the standard wants it (PS3.5 section 9).
bool conformant_uid(std::string_view uid) {
  if (uid.size() > 64) return false;
  size_t from = 0;
  while (true) {
    const size_t to = uid.find('.', from);
    const std::string_view part = uid.substr(from, to == std::string_view::npos ? to : to - from);
    if (part.empty() || (part.size() > 1 && part[0] == '0')) return false;
    if (!std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); }))
      return false;
    if (to == std::string_view::npos) return true;
    from = to + 1;
  }
}

}  // namespace

Result<std::unique_ptr<Intake>> Intake::open(archive::BlobStore& blobs, const Limits& limits,
                                             StoreStart start) {
  const TransferSyntax syntax = transfer_syntax_or_default(start.transfer_syntax.value);
  MEDARC_ASSIGN(auto writer, blobs.writer(syntax.deflated ? archive::Cuts::content_defined
                                                          : archive::Cuts::given));
  return std::unique_ptr<Intake>(new Intake(std::move(writer), limits, std::move(start)));
}

Intake::Intake(std::unique_ptr<archive::BlobWriter> writer, const Limits& limits, StoreStart start)
    : limits_(limits),
      start_(std::move(start)),
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
  if (std::string uid = plain_value(scanner_, Tag{0x00080016}); storable_uid(uid))
    refusal_.sop_class.value = uid;
  if (std::string uid = plain_value(scanner_, Tag{0x00080018}); storable_uid(uid))
    refusal_.instance.value = uid;
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

// An instance that names no study or series is kept all the same (S11), under UIDs that follow from
// what it does name, so that it is found and a second copy is a duplicate.
void Intake::file_somewhere(InstanceRow& row, std::vector<Warning>& warnings) {
  if (row.study.value.empty()) {
    const std::string& near = row.series.value.empty() ? row.uid.value : row.series.value;
    row.study.value = derived_uid("study of " + near);
    warnings.push_back({kMismatch, "Study Instance UID is missing: filed under one of our own"});
  }
  if (row.series.value.empty()) {
    row.series.value =
        derived_uid("series of " + row.study.value + " " + plain_value(scanner_, Tag{0x00080060}));
    warnings.push_back({kMismatch, "Series Instance UID is missing: filed under one of our own"});
  }
}

Status Intake::check_identity(index::StoreInstance& fact, std::vector<Warning>& warnings) {
  InstanceRow& row = fact.instance;
  row.study.value = plain_value(scanner_, Tag{0x0020000D});
  row.series.value = plain_value(scanner_, Tag{0x0020000E});
  row.uid.value = plain_value(scanner_, Tag{0x00080018});
  row.sop_class.value = plain_value(scanner_, Tag{0x00080016});
  if (row.uid.value.empty()) row.uid = start_.instance;
  if (row.sop_class.value.empty()) row.sop_class = start_.sop_class;
  if (row.sop_class.value == kMediaDirectory) {
    return refuse(make_error(Code::invalid_argument, "a DICOMDIR is no instance"), kDoesNotMatch);
  }
  if (!row.uid.value.empty() && !start_.study_wanted) file_somewhere(row, warnings);
  struct Wanted {
    const std::string& uid;
    const char* name;
  };
  for (const Wanted& w :
       {Wanted{row.uid.value, "SOP Instance UID"}, Wanted{row.study.value, "Study Instance UID"},
        Wanted{row.series.value, "Series Instance UID"},
        Wanted{row.sop_class.value, "SOP Class UID"}}) {
    if (w.uid.empty()) {
      return refuse(make_error(Code::invalid_argument, std::string(w.name) + " is missing"),
                    kDoesNotMatch);
    }
    if (!storable_uid(w.uid)) {
      return refuse(make_error(Code::invalid_argument, std::string(w.name) + " is no UID"),
                    kCannotUnderstand);
    }
    if (!conformant_uid(w.uid)) {
      warnings.push_back({kMismatch, std::string(w.name) + " does not conform to PS3.5 section 9"});
    }
  }
  if (start_.study_wanted && *start_.study_wanted != row.study) {
    return refuse(make_error(Code::conflict, "the instance belongs to another study"), kProcessing);
  }
  if (!start_.instance.value.empty() && start_.instance != row.uid) {
    warnings.push_back(
        {kMismatch, "the SOP Instance UID of the dataset differs from the one announced"});
  }
  if (!start_.sop_class.value.empty() && start_.sop_class != row.sop_class) {
    warnings.push_back(
        {kMismatch, "the SOP Class UID of the dataset differs from the one announced"});
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
  for (const std::string& text : scanner_.warnings()) out.warnings.push_back({kMismatch, text});
  MEDARC_TRY(check_identity(fact, out.warnings));
  LevelAttributes levels = attributes_of(scanner_);
  levels.study.set(Tag{0x0020000D}, "UI", {fact.instance.study.value});
  levels.series.set(Tag{0x0020000E}, "UI", {fact.instance.series.value});
  fact.patient.id = levels.patient.first(Tag{0x00100020});
  fact.patient.issuer = levels.patient.first(Tag{0x00100021});
  if (!levels.text_clean) {
    out.warnings.push_back({kMismatch, "text that its character set does not explain"});
  }
  if (const std::string_view other = format_of_preamble(start_.envelope.value_or(Bytes()));
      !other.empty()) {
    out.warnings.push_back(
        {kMismatch, "its preamble makes the file " + std::string(other) + " too"});
  }
  if (fact.patient.id.empty()) out.warnings.push_back({kMismatch, "no Patient ID"});
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
  if (!frames_warning.empty()) out.warnings.push_back({kMismatch, frames_warning});
  fact.metadata_zstd =
      pack_metadata(metadata_json(scanner_, row.uid.value, row.transfer_syntax.value));
  auto blob = writer_->finish();
  if (blob.has_error()) return refuse(blob.error(), kOutOfResources);
  row.dataset = blob->digest;
  row.dataset_bytes = blob->size;
  out.blobs.push_back(std::move(*blob));
  return out;
}

}  // namespace medarc::dicom
