// The imaging use cases, for every door: store objects, find them, give them back. DIMSE and
// DICOMweb only translate; what is allowed, kept and answered is decided here.
//
// Instances are given as rules for their sender correct them (senders/corrections.h), but for
// Form::original, which is what was received.
//
// Store: begin() gives a sink for the dataset's bytes, which are scanned (bounded, iterative),
// hashed, cut and staged as they come, in constant memory. prepare() ends the object; commit()
// makes any number of prepared objects durable with one sync. Dropping at any point leaves nothing
// visible.
//
// Thread-safe; the objects it hands out are for one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/config.h"
#include "base/io.h"
#include "dicom/limits.h"
#include "dicom/question.h"
#include "dicom/render/rendition.h"
#include "dicom/render/request.h"
#include "dicom/transfer_syntax.h"
#include "index/index.h"
#include "security/guard.h"

namespace medarc::dicom {

class CodecPool;
class FrameReader;

namespace senders {
class Quirks;
class Refusals;
}  // namespace senders

using index::InstanceRow;
using index::SeriesUid;
using index::SopClassUid;
using index::SopInstanceUid;
using index::StudyUid;
using index::TransferSyntaxUid;
using security::Principal;

// Something unusual about a stored object (dicom.md S11): kept, reported, never a refusal.
struct Warning {
  uint16_t reason = 0;  // Warning Reason (0008,1196): B000 coerced, B006 discarded, B007 mismatch
  std::string text;     // for people, without patient data
};

struct StoreStart {
  TransferSyntaxUid transfer_syntax;  // of the dataset bytes that follow
  SopClassUid sop_class;              // from the command or file meta; may be empty
  SopInstanceUid instance;            // likewise
  std::optional<Bytes> envelope;  // all bytes before the dataset, as received; nullopt: make one
  std::optional<StudyUid> study_wanted;  // STOW to /studies/{uid}: others fail with reason 272
};

// An object that has arrived whole and may be committed.
struct Prepared {
  std::vector<archive::StagedBlob> blobs;
  index::StoreInstance fact;
  std::vector<Warning> warnings;
};

struct StoreResult {
  StudyUid study;
  SeriesUid series;
  SopInstanceUid instance;
  SopClassUid sop_class;
  index::State state = index::State::done;  // done, duplicate or new_version
  uint64_t version = 1;
  std::vector<Warning> warnings;
};

// Why an object was refused, with what is known of it.
struct Refusal {
  Error error;
  uint16_t reason = 0;  // Failure Reason (0008,1197) and C-STORE status, dicom.md 4.1 and S3
  SopClassUid sop_class;
  SopInstanceUid instance;
};

class IncomingObject : public ByteSink {
 public:
  // Feeds dataset bytes. The first error is final; refusal() explains it.
  Status write(ByteView bytes) override = 0;
  virtual Result<Prepared> prepare() = 0;
  virtual const Refusal& refusal() const = 0;
};

// Feeds a whole Part 10 file (preamble and meta optional, PS3.10 section 7): splits the envelope
// off and hands the rest to an IncomingObject.
std::unique_ptr<IncomingObject> receive_file(class Imaging& imaging, const Principal& principal,
                                             std::optional<StudyUid> study_wanted);

// A readable form of an instance with its exact length, when it is known before reading.
struct Content {
  std::unique_ptr<ByteSource> source;
  std::optional<uint64_t> bytes;
  TransferSyntaxUid transfer_syntax;
  std::string etag;         // without quotes
  SopInstanceUid instance;  // of what this is, when it is another than the one stored (Form::lossy)
};

// The form in which an object or its frames are asked for.
class Form {
 public:
  static const Form original;  // exactly as received, envelope included; without one (dataset()):
                               // in the stored transfer syntax, with corrections
  static const Form stored;    // as stored, but Implicit VR and big endian as Explicit VR LE (N6)
  static const Form explicit_le;  // Explicit VR LE; compressed pixel data is expanded
  static const Form implicit_le;  // the same in Implicit VR LE, for DIMSE only

  // explicit_le, or one of the transfer syntaxes that frames can be encoded in, always losslessly.
  // nullopt: none of them.
  static std::optional<Form> in(std::string_view transfer_syntax);
  // One of the transfer syntaxes that lose something, for those who name it: as it is stored when
  // it is stored so, otherwise a new instance derived from the stored one (lossy.h), with the
  // quality that CodecLimits::lossy says. nullopt: none of them.
  static std::optional<Form> lossy(std::string_view transfer_syntax);

  // "" for original and stored.
  std::string_view transfer_syntax() const { return transfer_syntax_; }
  bool operator==(const Form&) const = default;

 private:
  enum class Kind { original, stored, in_syntax };
  constexpr Form(Kind kind, std::string_view syntax) : kind_(kind), transfer_syntax_(syntax) {}
  Kind kind_;
  std::string_view transfer_syntax_;  // of a table, never of a peer
};
inline constexpr Form Form::original{Form::Kind::original, {}};
inline constexpr Form Form::stored{Form::Kind::stored, {}};
inline constexpr Form Form::explicit_le{Form::Kind::in_syntax, kExplicitLittle};
inline constexpr Form Form::implicit_le{Form::Kind::in_syntax, kImplicitLittle};

// What object() gives for `row`, told from the row alone. No length: known only when it was read.
struct Shape {
  TransferSyntaxUid transfer_syntax;
  std::optional<uint64_t> bytes;
};
Shape shape_of(const InstanceRow& row, Form form);

struct FrameContent {
  std::vector<Content> frames;        // in the order asked
  TransferSyntaxUid transfer_syntax;  // of the frames' bytes
};

// What is known of those who send, and where is counted what is refused from them; either may be
// null.
struct Senders {
  std::shared_ptr<const senders::Quirks> quirks;
  std::shared_ptr<senders::Refusals> refusals;
};

class Imaging {
 public:
  // `codecs` outlives it; without them compressed pixel data is given as it is stored only, and not
  // rendered.
  static std::unique_ptr<Imaging> create(index::Index& index, security::Guard& guard, Limits limits,
                                         CodecPool* codecs = nullptr, Rendering rendering = {},
                                         ExtraAttributes extras = {}, Senders senders = {});
  virtual ~Imaging() = default;

  virtual Result<std::unique_ptr<IncomingObject>> begin(const Principal&, StoreStart start) = 0;
  // Durable when it answers. One result an object, in order. exhausted, unavailable, io as the
  // index says; then none of them is stored.
  virtual Result<std::vector<StoreResult>> commit(const Principal&,
                                                  std::vector<Prepared> objects) = 0;

  // Removes the study, the series or the instance. Gone when it answers; the bytes are collected
  // later. Answers how many instances went. not_found; gone: removed before.
  virtual Result<uint64_t> remove(const Principal&, const StudyUid&,
                                  const std::optional<SeriesUid>&,
                                  const std::optional<SopInstanceUid>&, std::string reason) = 0;

  // Admits the find, decides what rows alone cannot (question.h; from then on `question` is for
  // View::query alone), and answers the page: QIDO and C-FIND alike. too_large: more than
  // Limits::compared_instances_max would have to be compared.
  virtual Result<index::Page> find(const Principal&, index::View& view, Question& question) = 0;
  Result<index::Page> find(const Principal& principal, index::View& view,
                           const index::Query& query) {
    Question question{query, {}};
    return find(principal, view, question);
  }

  // not_found; audited before the content is readable. not_acceptable when the object cannot be
  // given in this form (no codec for its pixels, no pixels to compress); what the codec says of the
  // first frame. Frames are transcoded one by one as they are read.
  virtual Result<Content> object(const Principal&, const InstanceRow&, Form form) = 0;
  // The same without envelope: what a C-STORE carries.
  virtual Result<Content> dataset(const Principal&, const InstanceRow&, Form form) = 0;
  // 1-based frame numbers, in order. not_found when any does not exist; otherwise as object().
  virtual Result<FrameContent> frames(const Principal&, const InstanceRow&,
                                      const std::vector<uint32_t>& numbers, Form form) = 0;
  // One value by its path "7FE00010" or "00081140/0/00880200" (BulkDataURI below the instance).
  virtual Result<Content> bulkdata(const Principal&, const InstanceRow&, std::string_view path) = 0;
  // The instance for eyes, in the form that `request` describes; audited. What does not fit the
  // kind of instance (a window of a report) is not looked at. Must not outlive this object.
  virtual Result<Rendition> rendered(const Principal&, const InstanceRow&,
                                     const RenderRequest& request) = 0;
  // All DICOM JSON objects of a series, or of one instance, as a stream of objects joined by ","
  // without the brackets; BulkDataURIs start with `base` (absolute URL of the instance's parent:
  // ".../studies/{uid}/series/{uid}").
  virtual Result<std::unique_ptr<ByteSource>> metadata(const Principal&,
                                                       std::shared_ptr<index::View> view,
                                                       const StudyUid&, const SeriesUid&,
                                                       const std::optional<SopInstanceUid>&,
                                                       const std::string& base) = 0;

  // The frames of an instance as samples, for what computes on them. not_found when it has none.
  virtual Result<std::unique_ptr<FrameReader>> pixels(const Principal&, const InstanceRow&) = 0;

  virtual index::Index& index() = 0;
  virtual const Limits& limits() const = 0;
  // What can be searched beside what rows hold.
  virtual const ExtraAttributes& extras() const = 0;
};

}  // namespace medarc::dicom
