#include "dicom/limits.h"

namespace medarc::dicom {

Limits Limits::from(Config& c) {
  Limits l;
  auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t min = 1) {
    field =
        static_cast<uint32_t>(c.size(std::string("dicom.") + key, field, meaning, min, UINT32_MAX));
  };
  auto u64 = [&](const char* key, uint64_t& field, const char* meaning) {
    field = c.size(std::string("dicom.") + key, field, meaning, 1);
  };
  u32("nesting_depth_max", l.nesting_depth_max, "Sequences inside sequences in one object.");
  l.nesting_depth_max = std::min(l.nesting_depth_max, 250u);  // depths are kept in one byte
  u32("elements_max", l.elements_max, "Elements in one object (more when its bytes justify them).");
  u32("items_max", l.items_max, "Sequence items in one object (more when its bytes justify them).");
  u32("file_meta_bytes_max", l.file_meta_bytes_max, "File meta information of one object.");
  u64("header_bytes_max", l.header_bytes_max, "Values before the pixel data, held in memory.");
  u64("element_bytes_max", l.element_bytes_max,
      "One value held in memory; longer ones are bulk data.");
  u64("object_bytes_max", l.object_bytes_max, "One object.");
  u64("inflated_bytes_max", l.inflated_bytes_max, "A deflated dataset when inflated.");
  u32("pdu_bytes_max", l.pdu_bytes_max, "The longest P-DATA-TF we offer to take.", 4096);
  u32("first_pdu_bytes_max", l.first_pdu_bytes_max, "The longest A-ASSOCIATE-RQ.", 1024);
  u64("first_pdus_bytes_max", l.first_pdus_bytes_max, "All A-ASSOCIATE-RQs arriving, together.");
  u32("presentation_contexts_max", l.presentation_contexts_max,
      "Presentation contexts of one association.");
  u32("command_bytes_max", l.command_bytes_max, "One DIMSE command set.", 256);
  u32("identifier_bytes_max", l.identifier_bytes_max, "Identifier of a query.");
  u32("compared_instances_max", l.compared_instances_max,
      "Instances whose metadata one search may compare, for keys the index does not hold.");
  u32("connections_max", l.connections_max, "TCP connections, with and without an association.");
  u32("connections_per_peer_max", l.connections_per_peer_max, "TCP connections of one address.");
  u32("associations_max", l.associations_max, "Associations at a time.");
  u32("associations_per_peer_max", l.associations_per_peer_max, "Associations of one address.");
  u32("associations_reserved", l.associations_reserved, "Associations kept for known peers.", 0);
  u32("artim_timeout_ms", l.artim_timeout_ms, "To a whole A-ASSOCIATE-RQ, and after a release.");
  u32("idle_timeout_ms", l.idle_timeout_ms, "Between DIMSE messages.");
  u32("pdu_timeout_ms", l.pdu_timeout_ms, "Silence inside a message.");
  u32("async_operations_max", l.async_operations_max, "Operations a peer may have under way.");
  return l;
}

}  // namespace medarc::dicom
