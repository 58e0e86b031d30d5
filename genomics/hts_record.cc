#include "genomics/hts_record.h"

#include <htslib/kstring.h>
#include <htslib/sam.h>

#include <cstdlib>
#include <cstring>

#include "genomics/bam_record.h"

namespace medarc::genomics {
namespace {

Error corrupt() { return make_error(Code::corrupt, "a stored record is not as it was checked"); }
Error no_memory() { return make_error(Code::exhausted, "no memory for a record"); }

uint32_t le32(const uint8_t* p) {
  return p[0] | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}
uint32_t le16(const uint8_t* p) { return p[0] | uint32_t{p[1]} << 8; }

// HTSlib's memory policy: malloc'ed, m_data bytes.
bool make_room(bam1_t* b, size_t bytes) {
  if (bytes <= b->m_data) return true;
  auto* data = static_cast<uint8_t*>(std::realloc(b->data, bytes));
  if (data == nullptr) return false;
  b->data = data;
  b->m_data = static_cast<uint32_t>(bytes);
  return true;
}

// "kSmN" and a CG tag: the CIGAR of a record with more than 65,535 operations.
Status take_long_cigar(bam1_t* b) {
  bam1_core_t& c = b->core;
  const uint32_t* cigar = bam_get_cigar(b);
  if (c.n_cigar != 2 || bam_cigar_op(cigar[0]) != BAM_CSOFT_CLIP ||
      bam_cigar_oplen(cigar[0]) != static_cast<uint32_t>(c.l_qseq) ||
      bam_cigar_op(cigar[1]) != BAM_CREF_SKIP || c.tid < 0 || c.pos < 0) {
    return {};
  }
  const uint8_t* tag = bam_aux_get(b, "CG");
  if (tag == nullptr || tag[0] != 'B' || tag[1] != 'I') return {};
  const uint32_t ops = le32(tag + 2);
  if (ops < c.n_cigar || ops >= 1u << 28) return {};
  const size_t tag_at = static_cast<size_t>(tag - 2 - b->data);
  const size_t tag_bytes = 8 + 4 * size_t{ops};
  const size_t cigar_at = c.l_qname;
  const size_t rest_at = cigar_at + 4 * size_t{c.n_cigar};
  const auto size = static_cast<size_t>(b->l_data);
  if (tag_at + tag_bytes > size) return corrupt();
  const std::string ops_bytes(reinterpret_cast<const char*>(tag + 6), 4 * size_t{ops});
  const std::string between(reinterpret_cast<const char*>(b->data + rest_at), tag_at - rest_at);
  const std::string behind(reinterpret_cast<const char*>(b->data + tag_at + tag_bytes),
                           size - tag_at - tag_bytes);
  const size_t total = cigar_at + ops_bytes.size() + between.size() + behind.size();
  if (!make_room(b, total)) return no_memory();
  uint8_t* at = b->data + cigar_at;
  for (const std::string* part : {&ops_bytes, &between, &behind}) {
    std::memcpy(at, part->data(), part->size());
    at += part->size();
  }
  b->l_data = static_cast<int>(total);
  c.n_cigar = ops;
  return {};
}

}  // namespace

Status load_record(ByteView record, bam1_t* b) {
  if (record.size() < 4 + kRecordBytesMin || record.size() > INT32_MAX - 8) return corrupt();
  const auto* x = reinterpret_cast<const uint8_t*>(record.data()) + 4;
  bam1_core_t& c = b->core;
  const size_t name_bytes = x[8];
  const size_t fill = (4 - name_bytes % 4) % 4;  // HTSlib aligns the CIGAR
  c.tid = static_cast<int32_t>(le32(x));
  c.pos = static_cast<int32_t>(le32(x + 4));
  c.qual = x[9];
  c.bin = static_cast<uint16_t>(le16(x + 10));
  c.n_cigar = le16(x + 12);
  c.flag = static_cast<uint16_t>(le16(x + 14));
  c.l_qseq = static_cast<int32_t>(le32(x + 16));
  c.mtid = static_cast<int32_t>(le32(x + 20));
  c.mpos = static_cast<int32_t>(le32(x + 24));
  c.isize = static_cast<int32_t>(le32(x + 28));
  c.l_qname = static_cast<uint16_t>(name_bytes + fill);
  c.l_extranul = static_cast<uint8_t>(fill);
  const size_t data_bytes = record.size() - 4 - kRecordFixedBytes;
  const uint64_t needed =
      name_bytes + 4ull * c.n_cigar + (uint64_t{le32(x + 16)} + 1) / 2 + uint64_t{le32(x + 16)};
  if (name_bytes == 0 || c.l_qseq < 0 || needed > data_bytes) return corrupt();
  if (!make_room(b, data_bytes + fill)) return no_memory();
  std::memcpy(b->data, x + kRecordFixedBytes, name_bytes);
  std::memset(b->data + name_bytes, 0, fill);
  std::memcpy(b->data + name_bytes + fill, x + kRecordFixedBytes + name_bytes,
              data_bytes - name_bytes);
  b->l_data = static_cast<int>(data_bytes + fill);
  return take_long_cigar(b);
}

struct SamText::State {
  sam_hdr_t* header = nullptr;
  bam1_t* record = nullptr;
  kstring_t line = KS_INITIALIZE;
  ~State() {
    if (header != nullptr) sam_hdr_destroy(header);
    if (record != nullptr) bam_destroy1(record);
    ks_free(&line);
  }
};

SamText::SamText(std::unique_ptr<State> state) : state_(std::move(state)) {}
SamText::SamText(SamText&&) noexcept = default;
SamText::~SamText() = default;

Result<SamText> SamText::create(const BamHeader& header) {
  auto state = std::make_unique<State>();
  // Names alone: nothing else of a header stands in records.
  state->header = sam_hdr_init();
  state->record = bam_init1();
  if (state->header == nullptr || state->record == nullptr) return no_memory();
  sam_hdr_t* h = state->header;
  const size_t count = header.references.size();
  h->target_name = static_cast<char**>(std::calloc(count + 1, sizeof(char*)));
  h->target_len = static_cast<uint32_t*>(std::calloc(count + 1, sizeof(uint32_t)));
  if (h->target_name == nullptr || h->target_len == nullptr) return no_memory();
  for (size_t i = 0; i < count; ++i) {
    h->target_name[i] = strdup(header.references[i].name.c_str());
    h->target_len[i] = header.references[i].bases;
    if (h->target_name[i] == nullptr) return no_memory();
    h->n_targets = static_cast<int32_t>(i + 1);  // what sam_hdr_destroy() frees
  }
  return SamText(std::move(state));
}

Status SamText::append(ByteView record, std::string& out) {
  MEDARC_TRY(load_record(record, state_->record));
  ks_clear(&state_->line);
  if (sam_format1(state_->header, state_->record, &state_->line) < 0) return corrupt();
  out.append(ks_str(&state_->line), ks_len(&state_->line));
  out += '\n';
  return {};
}

void append_sam_header(const BamHeader& header, std::string& out) {
  out += header.text;
  if (!header.text.empty() && header.text.back() != '\n') out += '\n';
  if (header.text.starts_with("@SQ\t") || header.text.find("\n@SQ\t") != std::string::npos) return;
  for (const Reference& r : header.references) {
    out += "@SQ\tSN:" + r.name + "\tLN:" + std::to_string(r.bases) + "\n";
  }
}

}  // namespace medarc::genomics
