#include "dicom/media_directory.h"

#include <dcmtk/config/osconfig.h>
// DCMTK's own configuration comes before its other headers.
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdicdir.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <utility>

#include "dicom/json_elements.h"
#include "dicom/metadata_source.h"
#include "dicom/record_types.h"

namespace medarc::dicom {
namespace {

constexpr int kDepthMax = 8;  // of sequences in keys
constexpr Tag kPatientKeys[] = {{0x00100010}, {0x00100020}};
constexpr Tag kStudyKeys[] = {{0x00080020}, {0x00080030}, {0x00080050}, {0x00081030}, {0x00200010}};
constexpr Tag kSeriesKeys[] = {{0x00080060}, {0x00200011}};
constexpr Tag kContentSequence{0x0040A730}, kRelationship{0x0040A010};

DcmTag tag_of(Tag tag) {
  return DcmTag(static_cast<Uint16>(tag.value >> 16), static_cast<Uint16>(tag.value & 0xFFFF));
}

Error failed(const char* what, const OFCondition& condition) {
  return make_error(Code::internal, std::string(what) + ": " + condition.text());
}

// One record as it is filled.
class Keys {
 public:
  explicit Keys(DcmItem& record) : record_(record) {}

  // Text is UTF-8, which a record says when it needs to (PS3.3 F.3.2.2).
  void finish() {
    if (plain_) return;
    record_.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
  }

  void put(const Attribute& a) {
    if (is_sequence(a.vr)) {
      put_items(record_, a.tag, a.values.empty() ? std::string_view() : a.values[0], 1);
    } else {
      put_values(record_, a);
    }
  }
  void put(const JsonElement& e) { put_element(record_, e, 0); }
  void put(Tag tag, const std::string& value) { put_values(record_, {tag, {}, {value}}); }
  void put_empty(Tag tag) { record_.insertEmptyElement(tag_of(tag)); }

 private:
  static bool is_sequence(const std::array<char, 2>& vr) { return vr[0] == 'S' && vr[1] == 'Q'; }

  void put_values(DcmItem& item, const Attribute& a) {
    std::string text;
    for (const std::string& value : a.values) text += (text.empty() ? "" : "\\") + value;
    for (const char c : text) plain_ = plain_ && static_cast<unsigned char>(c) < 0x80;
    // A value that does not fit its VR is not repaired here; the file has it.
    if (text.empty() || item.putAndInsertString(tag_of(a.tag), text.c_str()).bad()) {
      item.insertEmptyElement(tag_of(a.tag), OFTrue);
    }
  }

  void put_element(DcmItem& item, const JsonElement& e, int depth) {
    if ((e.tag.value >> 16) % 2 != 0 || e.elsewhere || !e.inline_binary.empty()) return;
    if (is_sequence(e.vr)) {
      put_items(item, e.tag, e.values, depth + 1);
    } else {
      put_values(item, attribute_of(e));
    }
  }

  // `array`: the items as DICOM JSON. Of a report's content only what modifies its title is a key.
  void put_items(DcmItem& item, Tag tag, std::string_view array, int depth) {
    if (depth > kDepthMax) return;
    bool any = false;
    for (const std::string_view entry : json_entries(array)) {
      if (tag == kContentSequence) {
        const auto relationship = find_element(entry, kRelationship);
        if (!relationship || relationship->values != R"(["HAS CONCEPT MOD"])") continue;
      }
      DcmItem* inner = nullptr;
      if (item.findOrCreateSequenceItem(tag_of(tag), inner, -2).bad()) return;
      any = true;
      for_each_element(entry, [&](const JsonElement& e) {
        put_element(*inner, e, depth);
        return true;
      });
    }
    if (!any && tag != kContentSequence) item.insertEmptyElement(tag_of(tag));
  }

  DcmItem& record_;
  bool plain_ = true;
};

// A directory of its own, gone with the object.
class Scratch {
 public:
  static Result<Scratch> make(const std::string& below) {
    std::error_code failed_to;
    std::filesystem::path path = below;
    if (below.empty()) path = std::filesystem::temp_directory_path(failed_to);
    std::filesystem::create_directories(path, failed_to);
    std::string name = (path / "dicomdir-XXXXXX").string();
    if (failed_to || mkdtemp(name.data()) == nullptr) {
      return make_error(Code::io, "there is no directory for temporary files");
    }
    return Scratch(std::move(name));
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

using Record = std::unique_ptr<DcmDirectoryRecord>;

Record record_of(const std::string& type) {
  return std::make_unique<DcmDirectoryRecord>(type.c_str(), nullptr, OFFilename());
}

// Ownership goes to `parent`, which answers where it is now.
Result<DcmDirectoryRecord*> insert(DcmDirectoryRecord& parent, Record record) {
  const OFCondition done = parent.insertSub(record.get());
  if (done.bad()) return failed("a directory record has no place", done);
  return record.release();
}

void fill(DcmDirectoryRecord& record, std::span<const Tag> keys, const index::AttributeSet& from) {
  Keys out(record);
  for (const Tag tag : keys) {
    if (const Attribute* a = from.find(tag)) {
      out.put(*a);
    } else {
      out.put_empty(tag);
    }
  }
  out.finish();
}

class Directory final : public MediaDirectory {
 public:
  Status add(index::View& view, const InstanceRow& row, const TransferSyntaxUid& syntax,
             const std::string& file_id) override {
    const RecordType* type = record_type_of(row.sop_class.value);
    if (type == nullptr) return {};
    if (!patient_) MEDARC_TRY(begin_study(view, row));
    if (series_ == nullptr || series_uid_ != row.series) MEDARC_TRY(begin_series(view, row));
    Bytes json;
    MEDARC_TRY(
        view.metadata(row.study, row.series, row.uid, [&](const SopInstanceUid&, ByteView packed) {
          json = packed;
          return false;
        }));
    if (!json.empty()) {
      MEDARC_ASSIGN(json, unpack_metadata(json));
    }
    Record record = record_of(std::string(type->name));
    Keys keys(*record);
    keys.put(Tag{0x00041500}, file_id);
    keys.put(Tag{0x00041510}, row.sop_class.value);
    keys.put(Tag{0x00041511}, row.uid.value);
    keys.put(Tag{0x00041512}, syntax.value);
    for (const Tag tag : type->keys) {
      if (const auto element = find_element(json, tag)) {
        keys.put(*element);
      } else if (tag != kContentSequence) {
        keys.put_empty(tag);
      }
    }
    keys.finish();
    MEDARC_TRY(insert(*series_, std::move(record)));
    return {};
  }

  Result<Bytes> finish(const std::string& temporary) override {
    MEDARC_ASSIGN(const Scratch scratch, Scratch::make(temporary));
    const std::string path = scratch.path() + "/DICOMDIR";
    DcmDicomDir directory(OFFilename(path.c_str()), "MEDARC");
    if (patient_) MEDARC_TRY(insert(directory.getRootRecord(), std::move(patient_)));
    const OFCondition done =
        directory.write(EXS_LittleEndianExplicit, EET_UndefinedLength, EGL_withoutGL);
    if (done.bad()) return make_error(Code::io, std::string("DICOMDIR: ") + done.text());
    std::ifstream file(path, std::ios::binary);
    Bytes out(std::istreambuf_iterator<char>(file), {});
    if (!file || out.empty()) return make_error(Code::io, "DICOMDIR cannot be read");
    return out;
  }

 private:
  Status begin_study(index::View& view, const InstanceRow& row) {
    MEDARC_ASSIGN(const auto found, view.study(row.study));
    if (!found) return make_error(Code::not_found, "the study is not there any more");
    patient_ = record_of("PATIENT");
    fill(*patient_, kPatientKeys, found->attributes);
    MEDARC_ASSIGN(study_, insert(*patient_, record_of("STUDY")));
    fill(*study_, kStudyKeys, found->attributes);
    Keys(*study_).put(Tag{0x0020000D}, row.study.value);
    return {};
  }

  Status begin_series(index::View& view, const InstanceRow& row) {
    MEDARC_ASSIGN(const auto found, view.series(row.study, row.series));
    if (!found) return make_error(Code::not_found, "the series is not there any more");
    MEDARC_ASSIGN(series_, insert(*study_, record_of("SERIES")));
    fill(*series_, kSeriesKeys, found->attributes);
    Keys(*series_).put(Tag{0x0020000E}, row.series.value);
    series_uid_ = row.series;
    return {};
  }

  Record patient_;  // owns the others
  DcmDirectoryRecord* study_ = nullptr;
  DcmDirectoryRecord* series_ = nullptr;
  SeriesUid series_uid_;
};

}  // namespace

std::unique_ptr<MediaDirectory> MediaDirectory::create() { return std::make_unique<Directory>(); }

}  // namespace medarc::dicom
