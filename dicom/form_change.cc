#include "dicom/form_change.h"

#include "dicom/part10.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/senders/corrections.h"

namespace medarc::dicom {

using index::InstanceRow;

namespace {

bool has_preamble(ByteView envelope) {
  return envelope.size() >= 132 && envelope.substr(128, 4) == "DICM";
}

}  // namespace

Change change_of(const InstanceRow& row, Form form) {
  if (form == Form::original) return Change::none;
  const Change none = senders::is_corrected(row) ? Change::corrected : Change::none;
  const TransferSyntax stored = transfer_syntax_or_default(row.transfer_syntax.value);
  const std::string_view wanted = form.transfer_syntax();
  if (wanted.empty()) {
    return stored.encoding == Encoding::explicit_little ? none : Change::encoding;
  }
  if (wanted == row.transfer_syntax.value) return none;
  const bool native = wanted == kExplicitLittle || wanted == kImplicitLittle;
  if (!native || (stored.encapsulated && !row.frame_table.empty())) return Change::transcoded;
  // Plain bytes stream by as they are; corrected ones are put together anew.
  const bool as_it_is = stored.deflated && wanted == kExplicitLittle && none == Change::none;
  return as_it_is ? Change::inflated : Change::encoding;
}

std::string_view syntax_after(const InstanceRow& row, Form form) {
  const Change change = change_of(row, form);
  if (change == Change::none || change == Change::corrected) return row.transfer_syntax.value;
  return form.transfer_syntax().empty() ? kExplicitLittle : form.transfer_syntax();
}

bool is_derived(const InstanceRow& row, Form form) {
  return can_encode_lossy(form.transfer_syntax()) &&
         form.transfer_syntax() != row.transfer_syntax.value;
}

Bytes envelope_of(const InstanceRow& row, const SopInstanceUid& instance, Form form) {
  if (change_of(row, form) != Change::none) {
    return make_envelope(row.sop_class, instance,
                         TransferSyntaxUid(std::string(syntax_after(row, form))));
  }
  if (form == Form::original || has_preamble(row.envelope)) return row.envelope;
  return make_envelope(row.sop_class, row.uid, row.transfer_syntax);
}

std::string etag_suffix(Form form) {
  if (form == Form::original) return "o";
  if (form == Form::stored) return "s";
  if (form == Form::explicit_le) return "e";
  return std::string(form.transfer_syntax().substr(kImplicitLittle.size() - 1));
}

std::optional<Form> Form::lossy(std::string_view transfer_syntax) {
  if (!can_encode_lossy(transfer_syntax)) return std::nullopt;
  return Form(Kind::in_syntax, find_transfer_syntax(transfer_syntax)->uid);
}

std::optional<Form> Form::in(std::string_view transfer_syntax) {
  if (transfer_syntax == kExplicitLittle) return explicit_le;
  if (!can_encode(transfer_syntax)) return std::nullopt;
  return Form(Kind::in_syntax, find_transfer_syntax(transfer_syntax)->uid);
}

Shape shape_of(const InstanceRow& row, Form form) {
  Shape out;
  out.transfer_syntax.value = syntax_after(row, form);
  if (change_of(row, form) == Change::none) {
    out.bytes = envelope_of(row, row.uid, form).size() + row.dataset_bytes;
  }
  return out;
}

}  // namespace medarc::dicom
