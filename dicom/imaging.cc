#include "dicom/imaging.h"

#include <fmt/format.h>

#include <map>

#include "dicom/convert.h"
#include "dicom/deflate.h"
#include "dicom/dictionary.h"
#include "dicom/element_path.h"
#include "dicom/form_change.h"
#include "dicom/forwarding.h"
#include "dicom/inflate.h"
#include "dicom/inflated_blob.h"
#include "dicom/intake.h"
#include "dicom/lossy.h"
#include "dicom/metadata_source.h"
#include "dicom/part10.h"
#include "dicom/pieces.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/render/renderer.h"
#include "dicom/senders/refusals.h"
#include "dicom/senders/served.h"
#include "dicom/transcode.h"
#include "dicom/values.h"
#include "index/provenance.h"

namespace medarc::dicom {
namespace {

using security::Action;
using security::Domain;
using security::Object;

Object study_object(const StudyUid& study) { return {Domain::images, "study/" + study.value, {}}; }

// Compressed frames are shown as they are transcoded: by the workers.
Rendering with_decoder(Rendering rendering, CodecPool* codecs) {
  if (rendering.decode || codecs == nullptr) return rendering;
  rendering.decode = [codecs](std::string_view transfer_syntax, std::string_view object,
                              const FrameShape& declared, ByteView codestream) {
    return codecs->decode(transfer_syntax, object, declared, codestream);
  };
  return rendering;
}

class ImagingService final : public Imaging {
 public:
  ImagingService(index::Index& index, security::Guard& guard, Limits limits, Rendering rendering,
                 ExtraAttributes extras, CodecPool* codecs, Senders senders, Forwarding* forwarding)
      : index_(index),
        guard_(guard),
        limits_(limits),
        extras_(std::move(extras)),
        codecs_(codecs),
        renderer_(with_decoder(std::move(rendering), codecs), limits_),
        senders_(std::move(senders)),
        forwarding_(forwarding) {}

  Result<std::unique_ptr<IncomingObject>> begin(const Principal& principal,
                                                StoreStart start) override {
    MEDARC_TRY(guard_.authorise(principal, Action::store, {Domain::images, "studies", {}}));
    MEDARC_ASSIGN(auto intake,
                  Intake::open(index_.blobs(), limits_, std::move(start), sender(principal)));
    return std::unique_ptr<IncomingObject>(std::move(intake));
  }

  Result<std::vector<StoreResult>> commit(const Principal& principal,
                                          std::vector<Prepared> objects) override {
    std::vector<archive::StagedBlob> blobs;
    std::vector<StoreResult> results;
    index::Facts facts;
    facts.time = now();
    for (Prepared& p : objects) {
      StoreResult r;
      r.study = p.fact.instance.study;
      r.series = p.fact.instance.series;
      r.instance = p.fact.instance.uid;
      r.sop_class = p.fact.instance.sop_class;
      r.warnings = std::move(p.warnings);
      for (auto& b : p.blobs) blobs.push_back(std::move(b));
      p.fact.instance.received = facts.time;
      p.fact.instance.attributes.set(index::kFieldStoredBy, "LO", {principal.id, principal.door});
      // One audit entry a study of the batch, in the same commit.
      if (results.empty() || results.back().study != r.study) {
        facts.ops.push_back(guard_.audit_op(principal, Action::store, study_object(r.study)));
      }
      std::vector<index::JobRow> jobs;
      if (forwarding_ != nullptr) jobs = forwarding_->jobs_for(principal, p.fact, facts.time);
      facts.ops.emplace_back(std::move(p.fact));
      for (index::JobRow& job : jobs) facts.ops.emplace_back(index::PutJob{std::move(job), true});
      results.push_back(std::move(r));
    }
    std::vector<bool> stores;
    std::map<size_t, index::JobRow> forwarded;  // by op
    for (size_t i = 0; i < facts.ops.size(); ++i) {
      const index::Op& op = facts.ops[i];
      stores.push_back(std::holds_alternative<index::StoreInstance>(op));
      if (const auto* put = std::get_if<index::PutJob>(&op)) forwarded.emplace(i, put->job);
    }
    MEDARC_ASSIGN(const index::CommitResult done,
                  index_.commit(std::move(blobs), std::move(facts)));
    for (const auto& [i, job] : forwarded) {
      if (done.outcomes[i].state == index::State::done) forwarding_->committed(job);
    }
    size_t next = 0;
    for (size_t i = 0; i < done.outcomes.size(); ++i) {
      if (!stores[i]) continue;
      results[next].state = done.outcomes[i].state;
      results[next].version = done.outcomes[i].version;
      ++next;
    }
    return results;
  }

  Result<uint64_t> remove(const Principal& principal, const StudyUid& study,
                          const std::optional<SeriesUid>& series,
                          const std::optional<SopInstanceUid>& instance,
                          std::string reason) override {
    Object object = study_object(study);
    object.detail = instance ? "instance " + instance->value
                    : series ? "series " + series->value
                             : "";
    MEDARC_TRY(guard_.authorise(principal, Action::remove, object));
    index::Facts facts;
    facts.time = now();
    facts.ops.push_back(guard_.audit_op(principal, Action::remove, object));
    facts.ops.emplace_back(index::RemoveImages{study, series, instance, std::move(reason)});
    MEDARC_ASSIGN(const index::CommitResult done, index_.commit({}, std::move(facts)));
    const index::OpOutcome& outcome = done.outcomes.back();
    if (outcome.state == index::State::done) return outcome.version;
    MEDARC_ASSIGN(const auto tombstone, index_.view()->tombstone(study, series, instance));
    if (tombstone) return make_error(Code::gone, "it has been removed before");
    return make_error(Code::not_found, "there is nothing of that name");
  }

  using Imaging::find;
  Result<index::Page> find(const Principal& principal, index::View& view,
                           Question& question) override {
    const index::Query& query = question.query;
    std::string keys;
    const auto add_key = [&](Tag tag) { keys += (keys.empty() ? "" : ",") + tag_hex(tag); };
    for (const auto& group : query.all_of_any) {
      if (!group.empty()) add_key(group.front().field);
    }
    if (question.zoned) {
      for (const auto& group : question.zoned->all_of_any) add_key(group.front().field);
    }
    for (const Condition& condition : question.compared) add_key(condition.tag);
    const char* what = query.kind == index::Kind::study    ? "studies"
                       : query.kind == index::Kind::series ? "series"
                                                           : "instances";
    const std::string name = query.study ? "study/" + query.study->value : what;
    MEDARC_TRY(guard_.admit(principal, Action::find, {Domain::images, name, keys}));
    MEDARC_TRY(settle(view, question, extras_, limits_.compared_instances_max));
    return view.query(query);
  }

  Result<Content> object(const Principal& principal, const InstanceRow& row, Form form) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    return content_of(row, form, envelope_of(row, instance_in(row, form), form));
  }

  Result<Content> dataset(const Principal& principal, const InstanceRow& row, Form form) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    if (form == Form::original && senders::is_corrected(row)) {
      return content_as_stored(row, etag_of(row, form, Change::corrected), Bytes());
    }
    return content_of(row, form, Bytes());
  }

  Result<FrameContent> frames(const Principal& principal, const InstanceRow& row,
                              const std::vector<uint32_t>& numbers, Form form) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    MEDARC_ASSIGN(std::shared_ptr<StoredFrames> stored,
                  StoredFrames::open(index_.blobs(), row, limits_));
    for (const uint32_t number : numbers) {
      if (number == 0) return make_error(Code::invalid_argument, "frames are numbered from 1");
      if (number > stored->count()) {
        return make_error(Code::not_found, fmt::format("there is no frame {}", number));
      }
    }
    FrameContent out;
    std::shared_ptr<FrameTranscoder> transcoder;
    const std::string_view wanted = form.transfer_syntax();
    const bool native = wanted == kExplicitLittle || wanted == kImplicitLittle;
    const bool as_stored = wanted.empty() || wanted == row.transfer_syntax.value ||
                           (native && !stored->encapsulated());
    if (as_stored) {
      out.transfer_syntax.value =
          stored->encapsulated() ? row.transfer_syntax.value : std::string(kExplicitLittle);
    } else {
      out.transfer_syntax.value = native ? kExplicitLittle : wanted;
      if (codecs_ == nullptr) return no_codecs();
      MEDARC_ASSIGN(auto reader, open_pixels(row));
      MEDARC_ASSIGN(transcoder, FrameTranscoder::open(std::move(reader), form, *codecs_,
                                                      numbers.empty() ? 0 : numbers[0] - 1));
    }
    for (const uint32_t number : numbers) {
      Content c;
      c.transfer_syntax = out.transfer_syntax;
      c.etag = fmt::format("{}-f{}", row.dataset.hex(), number);
      if (transcoder) {
        c.etag += etag_suffix(form) + quality_suffix(row, form);
        c.bytes = transcoder->bytes_of(number - 1);
        c.source = frame_source(transcoder, number - 1);
      } else {
        c.bytes = stored->frame_bytes(number - 1);
        c.source = stored->open_frame(number - 1);
      }
      out.frames.push_back(std::move(c));
    }
    return out;
  }

  Result<Rendition> rendered(const Principal& principal, const InstanceRow& row,
                             const RenderRequest& request) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    RenderSource source;
    source.row = row;
    MEDARC_ASSIGN(source.dataset, index_.blobs().open(row.dataset));
    if (request.presentation) {
      // Another study's state would be read without being asked for.
      if (request.presentation->study != row.study) {
        return make_error(Code::invalid_argument, "the presentation state is of another study");
      }
      MEDARC_ASSIGN(source.presentation, index_.blobs().open(request.presentation->dataset));
    }
    MEDARC_ASSIGN(source.frames_count, frames_count(row));
    if (source.frames_count > 0) {
      MEDARC_ASSIGN(std::shared_ptr<StoredFrames> stored,
                    StoredFrames::open(index_.blobs(), row, limits_));
      source.frame = [stored](uint32_t number) -> Result<Content> {
        if (number == 0 || number > stored->count()) {
          return make_error(Code::not_found, fmt::format("there is no frame {}", number));
        }
        Content out;
        out.bytes = stored->frame_bytes(number - 1);
        out.source = stored->open_frame(number - 1);
        return out;
      };
    }
    source.stream = [blob = source.dataset, row]() -> Result<Content> {
      MEDARC_ASSIGN(const FrameTable table, FrameTable::decode(row.frame_table));
      std::vector<Piece> pieces;
      for (uint32_t i = 0; i < table.frames_count(); ++i) {
        for (const ByteRange& f : table.fragments(i)) add_range(pieces, f);
      }
      return finished({}, blob, std::move(pieces));
    };
    return renderer_.rendition(std::move(source), request);
  }

  Result<std::unique_ptr<FrameReader>> pixels(const Principal& principal,
                                              const InstanceRow& row) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    return open_pixels(row);
  }

  Result<Content> bulkdata(const Principal& principal, const InstanceRow& row,
                           std::string_view path) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(row.study)));
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(auto reader, index_.blobs().open(row.dataset));
    std::shared_ptr<archive::BlobReader> blob = std::move(reader);
    MEDARC_ASSIGN(auto scanner, scan_served(*blob, row, limits_));
    const Element* e = locate(*scanner, path);
    if (e == nullptr) return make_error(Code::not_found, "no such value");
    Content c;
    c.etag = fmt::format("{}-b{:x}", row.dataset.hex(), e->offset);
    c.transfer_syntax.value = kExplicitLittle;
    if (e->offset == kNoPlace) {
      c.etag =
          fmt::format("{}-b{:x}{}", row.dataset.hex(), crc32c(path), senders::correction_mark(row));
      std::vector<Piece> made(1);
      made[0].literal = scanner->value(*e);
      return finished(std::move(c), blob, std::move(made));
    }
    if (syntax.deflated) {
      c.bytes = e->length;
      c.source =
          inflating_source({}, whole(blob), e->offset, e->length, limits_.inflated_bytes_max);
      return c;
    }
    std::vector<Piece> pieces;
    if (e->kind == Element::Kind::fragments) {
      c.transfer_syntax = row.transfer_syntax;
      for (const Fragment& f : scanner->pixel_data()->fragments)
        add_range(pieces, {f.offset, f.length});
    } else {
      const bool swap = syntax.encoding == Encoding::explicit_big;
      const auto& pixels = scanner->pixel_data();
      const uint8_t word = pixels && e->depth == 0 && e->tag == pixels->tag
                               ? pixel_word_bytes(*scanner)
                               : word_bytes(e->vr);
      add_range(pieces, {e->offset, e->length}, swap ? word : uint8_t{1}, e->offset);
    }
    return finished(std::move(c), blob, std::move(pieces));
  }

  Result<std::unique_ptr<ByteSource>> metadata(const Principal& principal,
                                               std::shared_ptr<index::View> view,
                                               const StudyUid& study, const SeriesUid& series,
                                               const std::optional<SopInstanceUid>& instance,
                                               const std::string& base) override {
    MEDARC_TRY(guard_.admit(principal, Action::read, study_object(study)));
    std::vector<Bytes> packed;
    MEDARC_TRY(view->metadata(study, series, instance, [&](const SopInstanceUid&, ByteView zstd) {
      packed.emplace_back(zstd);
      return true;
    }));
    if (packed.empty()) return make_error(Code::not_found, "no such series or instance");
    return metadata_source(std::move(packed), base);
  }

  index::Index& index() override { return index_; }
  const Limits& limits() const override { return limits_; }
  const ExtraAttributes& extras() const override { return extras_; }

 private:
  static Error no_codecs() {
    return make_error(Code::not_acceptable,
                      "the pixel data is given as it is stored only: there are no codecs");
  }

  uint32_t quality_of(Form form) const {
    return codecs_ == nullptr ? 0 : codecs_->limits().lossy.of(form.transfer_syntax());
  }
  SopInstanceUid instance_in(const InstanceRow& row, Form form) const {
    if (!is_derived(row, form)) return row.uid;
    return lossy_instance(row, form.transfer_syntax(), quality_of(form));
  }
  std::string quality_suffix(const InstanceRow& row, Form form) const {
    return is_derived(row, form) ? fmt::format("q{}", quality_of(form)) : "";
  }

  Result<std::unique_ptr<FrameReader>> open_pixels(const InstanceRow& row) {
    MEDARC_ASSIGN(auto frames, StoredFrames::open(index_.blobs(), row, limits_));
    return std::make_unique<FrameReader>(std::move(frames), codecs_);
  }

  Result<Content> transcoded(const InstanceRow& row, Form form, Bytes envelope) {
    if (codecs_ == nullptr) return no_codecs();
    auto reader = open_pixels(row);
    if (reader.has_error() && reader.error().code == Code::not_found) {
      return make_error(Code::not_acceptable, "there are no pixels to compress");
    }
    if (reader.has_error()) return reader.error();
    return transcoded_dataset(index_.blobs(), row, limits_, std::move(envelope), std::move(*reader),
                              form, *codecs_);
  }

  Result<Content> content_of(const InstanceRow& row, Form form, Bytes envelope) {
    const Change change = change_of(row, form);
    std::string etag = etag_of(row, form, change);
    if (change == Change::corrected) {
      return content_as_stored(row, std::move(etag), std::move(envelope));
    }
    if (change == Change::transcoded) {
      MEDARC_ASSIGN(Content content, transcoded(row, form, std::move(envelope)));
      content.etag = etag;
      if (is_derived(row, form)) content.instance = instance_in(row, form);
      return content;
    }
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(auto reader, index_.blobs().open(row.dataset));
    std::shared_ptr<archive::BlobReader> blob = std::move(reader);
    Content content;
    content.transfer_syntax.value = syntax_after(row, form);
    content.etag = etag;
    std::vector<Piece> pieces(1);
    pieces[0].literal = std::move(envelope);
    if (change == Change::encoding) {
      MEDARC_ASSIGN(const auto scanner, scan_served(*blob, row, limits_));
      if (syntax.deflated) {
        blob =
            std::make_shared<InflatedBlob>(blob, scanner->position(), limits_.inflated_bytes_max);
      }
      auto more = form == Form::implicit_le ? implicit_little_pieces(*scanner)
                                            : explicit_little_pieces(*scanner);
      std::move(more.begin(), more.end(), std::back_inserter(pieces));
      return finished(std::move(content), blob, std::move(pieces));
    }
    if (change == Change::inflated) {
      content.source = inflating_source(std::move(pieces[0].literal), whole(blob), 0, UINT64_MAX,
                                        limits_.inflated_bytes_max);
      return content;
    }
    add_range(pieces, {0, blob->size()});
    return finished(std::move(content), blob, std::move(pieces));
  }

  // A corrected dataset in the stored transfer syntax, behind `envelope`.
  Result<Content> content_as_stored(const InstanceRow& row, std::string etag, Bytes envelope) {
    const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
    MEDARC_ASSIGN(std::shared_ptr<archive::BlobReader> blob, index_.blobs().open(row.dataset));
    MEDARC_ASSIGN(const auto scanner, scan_served(*blob, row, limits_));
    std::vector<Piece> pieces =
        syntax.encoding == Encoding::implicit_little ? implicit_little_pieces(*scanner)
        : syntax.encoding == Encoding::explicit_big  ? explicit_big_pieces(*scanner)
                                                     : explicit_little_pieces(*scanner);
    Content content;
    content.transfer_syntax = row.transfer_syntax;
    content.etag = std::move(etag);
    if (syntax.deflated) {
      blob = std::make_shared<InflatedBlob>(blob, scanner->position(), limits_.inflated_bytes_max);
      content.source = deflating_source(std::move(envelope),
                                        std::make_unique<PieceSource>(blob, std::move(pieces)));
      return content;
    }
    pieces.insert(pieces.begin(), Piece{std::move(envelope), {}, 1, 0});
    return finished(std::move(content), blob, std::move(pieces));
  }

  std::string etag_of(const InstanceRow& row, Form form, Change change) const {
    return fmt::format("{}-{:08x}-{}{}{}", row.dataset.hex(), crc32c(row.envelope),
                       etag_suffix(form), quality_suffix(row, form),
                       change == Change::none ? std::string() : senders::correction_mark(row));
  }

  Sender sender(const Principal& principal) {
    Sender out;
    out.name = senders::sender_name(principal);
    if (senders_.quirks) {
      out.rules = senders_.quirks->rules_of(principal);
      out.system = senders_.quirks->system();
    }
    if (senders_.refusals) {
      out.refused = [refusals = senders_.refusals, name = out.name](const Refusal& refusal) {
        refusals->add(name, refusal);
      };
    }
    return out;
  }

  static std::unique_ptr<ByteSource> whole(const std::shared_ptr<archive::BlobReader>& blob) {
    std::vector<Piece> pieces;
    add_range(pieces, {0, blob->size()});
    return std::make_unique<PieceSource>(blob, std::move(pieces));
  }

  static Content finished(Content content, const std::shared_ptr<archive::BlobReader>& blob,
                          std::vector<Piece> pieces) {
    content.bytes = PieceSource::total(pieces);
    content.source = std::make_unique<PieceSource>(blob, std::move(pieces));
    return content;
  }

  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  const ExtraAttributes extras_;
  CodecPool* const codecs_;  // null: compressed frames are given as they are stored only
  Renderer renderer_;
  const Senders senders_;
  Forwarding* const forwarding_;  // null: nothing is forwarded
};

}  // namespace

std::unique_ptr<Imaging> Imaging::create(index::Index& index, security::Guard& guard, Limits limits,
                                         CodecPool* codecs, Rendering rendering,
                                         ExtraAttributes extras, Senders senders) {
  return std::make_unique<ImagingService>(index, guard, limits, std::move(rendering),
                                          std::move(extras), codecs, std::move(senders), nullptr);
}

std::unique_ptr<Imaging> make_forwarding_imaging(index::Index& index, security::Guard& guard,
                                                 Limits limits, CodecPool* codecs,
                                                 Rendering rendering, ExtraAttributes extras,
                                                 Senders senders, Forwarding& forwarding) {
  return std::make_unique<ImagingService>(index, guard, limits, std::move(rendering),
                                          std::move(extras), codecs, std::move(senders),
                                          &forwarding);
}

}  // namespace medarc::dicom
