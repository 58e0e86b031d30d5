#include "index/work_item.h"

#include "index/row_codec.h"

namespace medarc::index {

Bytes work_item_id(const SopInstanceUid& uid) { return uid.value; }
Bytes subscription_id(const SopInstanceUid& target, std::string_view aet) {
  return join({target.value, aet});
}

Bytes encode(const WorkItemRow& r) {
  Encoder out = start_row();
  out.bytes(r.uid.value);
  out.fixed(static_cast<uint8_t>(r.state));
  out.bytes(r.transaction);
  r.attributes.encode(out);
  out.bytes(r.dataset);
  out.varint(r.version);
  out.zigzag(r.created.us);
  out.zigzag(r.changed.us);
  return out.take();
}

Result<WorkItemRow> decode_work_item(ByteView value) {
  return decode_row<WorkItemRow>(
      value, "work item", [](WorkItemRow& r, Decoder& in, StrictDecoder& s) {
        r.uid.value = s.text();
        r.state = s.among(WorkItemRow::State::scheduled, WorkItemRow::State::canceled);
        r.transaction = s.text();
        r.attributes = AttributeSet::decode(in);
        r.dataset = s.text();
        r.version = s.varint();
        r.created.us = s.zigzag();
        r.changed.us = s.zigzag();
      });
}

Bytes encode(const SubscriptionRow& r) {
  Encoder out = start_row();
  out.bytes(r.target.value);
  out.bytes(r.aet);
  out.fixed(static_cast<uint8_t>(r.scope));
  put_flag(out, r.deletion_lock);
  put_flag(out, r.over_web);
  out.bytes(r.filter);
  out.zigzag(r.since.us);
  return out.take();
}

Result<SubscriptionRow> decode_subscription(ByteView value) {
  return decode_row<SubscriptionRow>(
      value, "subscription", [](SubscriptionRow& r, Decoder&, StrictDecoder& s) {
        r.target.value = s.text();
        r.aet = s.text();
        r.scope = s.among(SubscriptionRow::Scope::item, SubscriptionRow::Scope::filtered);
        r.deletion_lock = s.flag();
        r.over_web = s.flag();
        r.filter = s.text();
        r.since.us = s.zigzag();
      });
}

}  // namespace medarc::index
