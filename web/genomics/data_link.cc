#include "web/genomics/data_link.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "base/codec.h"

namespace medarc::web {
namespace {

constexpr uint8_t kVersion = 2;
constexpr size_t kSignatureBytes = 16;

// RFC 4648 section 5, without padding.
std::string to_path_text(ByteView bytes) {
  std::string out = to_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<Bytes> from_path_text(std::string_view text) {
  std::string padded(text);
  if (padded.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

void encode_names(const std::set<std::string>& names, Encoder& e) {
  e.varint(names.size());
  for (const std::string& name : names) e.bytes(name);
}

std::set<std::string> decode_names(Decoder& d) {
  std::set<std::string> out;
  for (uint64_t n = d.varint(); n > 0 && d.ok(); --n) out.emplace(d.bytes());
  return out;
}

void encode_regions(const std::vector<genomics::Region>& regions, Encoder& e) {
  e.varint(regions.size());
  for (const genomics::Region& r : regions) {
    e.zigzag(r.tid);
    e.varint(r.begin);
    e.varint(r.end - r.begin);
  }
}

std::vector<genomics::Region> decode_regions(Decoder& d) {
  std::vector<genomics::Region> out;
  for (uint64_t n = d.varint(); n > 0 && d.ok(); --n) {
    genomics::Region r;
    r.tid = static_cast<int32_t>(d.zigzag());
    r.begin = static_cast<uint32_t>(d.varint());
    r.end = r.begin + static_cast<uint32_t>(d.varint());
    out.push_back(r);
  }
  return out;
}

// version, file, content, consent, expires, kind; then by kind. Lists are counts and differences: a
// link has to fit into a URL.
Bytes encode(const DataLink& link) {
  Encoder e;
  e.fixed(kVersion);
  e.bytes(link.file.value);
  e.raw(link.content.view());
  e.varint(link.consent_version);
  e.varint(static_cast<uint64_t>(link.expires.us / 1'000'000));
  e.fixed(static_cast<uint8_t>(static_cast<uint8_t>(link.kind) | (link.everything ? 0x80 : 0)));
  e.varint(link.range.begin);
  e.varint(link.range.length);
  e.varint(link.fragments.size());
  uint32_t extent = 0;
  for (const genomics::Fragment& f : link.fragments) {
    e.varint(f.begin.extent - extent);
    e.varint(f.begin.offset);
    e.varint(f.end.extent - f.begin.extent);
    e.varint(uint64_t{f.end.offset} << 1 | (f.filter ? 1 : 0));
    extent = f.begin.extent;
  }
  encode_regions(link.regions, e);
  encode_regions(link.withheld, e);
  e.varint(link.ranges.size());
  uint64_t before = 0;
  for (const ByteRange& r : link.ranges) {
    e.varint(r.begin - before);
    e.varint(r.length);
    before = r.end();
  }
  e.bytes(link.form);
  e.fixed(link.mask.fields);
  e.fixed(static_cast<uint8_t>(link.mask.tags ? 1 : 0));
  if (link.mask.tags) encode_names(*link.mask.tags, e);
  encode_names(link.mask.notags, e);
  e.bytes(link.sealed);
  return e.take();
}

// Of signed bytes: only what encode() wrote gets here.
std::optional<DataLink> decode(ByteView payload) {
  Decoder d(payload);
  DataLink link;
  if (d.fixed<uint8_t>() != kVersion) return std::nullopt;
  link.file = index::FileId(std::string(d.bytes()));
  const auto content = Digest::from_view(d.raw(32));
  if (!content) return std::nullopt;
  link.content = *content;
  link.consent_version = d.varint();
  link.expires.us = static_cast<int64_t>(d.varint()) * 1'000'000;
  const auto kind = d.fixed<uint8_t>();
  link.everything = (kind & 0x80) != 0;
  link.kind = static_cast<DataLink::Kind>(kind & 0x7F);
  link.range.begin = d.varint();
  link.range.length = d.varint();
  uint32_t extent = 0;
  for (uint64_t n = d.varint(); n > 0 && d.ok(); --n) {
    genomics::Fragment f;
    f.begin.extent = extent + static_cast<uint32_t>(d.varint());
    f.begin.offset = static_cast<uint32_t>(d.varint());
    f.end.extent = f.begin.extent + static_cast<uint32_t>(d.varint());
    const uint64_t end = d.varint();
    f.end.offset = static_cast<uint32_t>(end >> 1);
    f.filter = (end & 1) != 0;
    extent = f.begin.extent;
    link.fragments.push_back(f);
  }
  link.regions = decode_regions(d);
  link.withheld = decode_regions(d);
  uint64_t before = 0;
  for (uint64_t n = d.varint(); n > 0 && d.ok(); --n) {
    const uint64_t begin = before + d.varint();
    link.ranges.push_back({begin, d.varint()});
    before = link.ranges.back().end();
  }
  link.form = std::string(d.bytes());
  link.mask.fields = d.fixed<uint32_t>();
  if (d.fixed<uint8_t>() != 0) link.mask.tags = decode_names(d);
  link.mask.notags = decode_names(d);
  link.sealed = d.bytes();
  if (!d.at_end()) return std::nullopt;
  return link;
}

}  // namespace

DataLinks::DataLinks() {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) std::abort();
}

Bytes DataLinks::sign(ByteView payload) const {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(payload.data()), payload.size(), mac, &size);
  return Bytes(reinterpret_cast<const char*>(mac), kSignatureBytes);
}

std::string DataLinks::seal(const DataLink& link) const {
  const Bytes payload = encode(link);
  return to_path_text(sign(payload) + payload);
}

Result<DataLink> DataLinks::open(std::string_view token) const {
  const Error refused = make_error(Code::permission_denied,
                                   "the data URL is not valid any more: ask for a new ticket");
  const auto bytes = from_path_text(token);
  // One form of each link: its last character has bits that mean nothing.
  if (!bytes || bytes->size() <= kSignatureBytes || to_path_text(*bytes) != token) return refused;
  const ByteView payload = ByteView(*bytes).substr(kSignatureBytes);
  const Bytes expected = sign(payload);
  if (CRYPTO_memcmp(expected.data(), bytes->data(), kSignatureBytes) != 0) return refused;
  auto link = decode(payload);
  if (!link || link->expires < now()) return refused;
  return std::move(*link);
}

}  // namespace medarc::web
