#include "genomics/resumable_file.h"

#include <set>

#include "base/codec.h"

namespace medarc::genomics {
namespace {

constexpr uint8_t kVersion = 2;  // 1 had neither mate nor circular

}  // namespace

// version u8, state (id, length, offset, expires, file), start (name, patient, sample, id, sha256
// or "", md5 or ""), principal, start.mate, start.circular; then the CRC-32C of all before, u32.
Bytes encode(const ResumableInfo& info) {
  Encoder e;
  e.fixed(kVersion);
  e.bytes(info.state.id);
  e.varint(info.state.length);
  e.varint(info.state.offset);
  e.zigzag(info.state.expires.us);
  e.bytes(info.state.file);
  e.bytes(info.start.name);
  e.bytes(info.start.patient);
  e.bytes(info.start.sample);
  e.bytes(info.start.id);
  e.bytes(info.start.sha256 ? info.start.sha256->view() : ByteView());
  e.bytes(info.start.md5_hex.value_or(""));
  e.bytes(info.principal);
  e.bytes(info.start.mate);
  e.bytes(info.start.circular);
  e.fixed(crc32c(e.view()));
  return e.take();
}

Result<ResumableInfo> decode_resumable_info(ByteView stored) {
  const Error corrupt = make_error(Code::corrupt, "an upload's info file is damaged");
  if (stored.size() < 5) return corrupt;
  const ByteView body = stored.substr(0, stored.size() - 4);
  if (Decoder(stored.substr(body.size())).fixed<uint32_t>() != crc32c(body)) return corrupt;
  Decoder d(body);
  const auto version = d.fixed<uint8_t>();
  if (version == 0 || version > kVersion) return corrupt;
  ResumableInfo info;
  info.state.id = d.bytes();
  info.state.length = d.varint();
  info.state.offset = d.varint();
  info.state.expires.us = d.zigzag();
  info.state.file = d.bytes();
  info.start.name = d.bytes();
  info.start.patient = d.bytes();
  info.start.sample = d.bytes();
  info.start.id = d.bytes();
  info.start.sha256 = Digest::from_view(d.bytes());
  if (const ByteView md5 = d.bytes(); !md5.empty()) info.start.md5_hex = std::string(md5);
  info.principal = d.bytes();
  if (version >= 2) {
    info.start.mate = d.bytes();
    info.start.circular = d.bytes();
  }
  if (!d.at_end()) return corrupt;
  return info;
}

Result<std::vector<ResumableInfo>> ResumableFiles::recover() {
  MEDARC_ASSIGN(const auto names, fs_.list(directory_));
  std::vector<ResumableInfo> out;
  std::set<std::string> wanted;
  for (const std::string& name : names) {
    if (!name.ends_with(".info")) continue;
    MEDARC_ASSIGN(const auto file, fs_.open(directory_ + "/" + name, OpenMode::read));
    MEDARC_ASSIGN(const uint64_t size, file->size());
    Bytes stored(size, '\0');
    MEDARC_ASSIGN(const size_t n, file->read_at(0, stored.data(), size));
    auto info = decode_resumable_info(ByteView(stored).substr(0, n));
    if (info.has_error()) continue;
    wanted.insert(name);
    if (info->state.file.empty()) wanted.insert(info->state.id + ".bytes");
    out.push_back(std::move(*info));
  }
  for (const std::string& name : names) {
    if (!wanted.contains(name)) MEDARC_TRY(fs_.remove(directory_ + "/" + name));
  }
  return out;
}

Status ResumableFiles::save(const ResumableInfo& info) {
  const std::string path = info_path(info.state.id), fresh = path + ".new";
  MEDARC_ASSIGN(const bool stale, fs_.exists(fresh));
  if (stale) MEDARC_TRY(fs_.remove(fresh));
  MEDARC_ASSIGN(const auto file, fs_.open(fresh, OpenMode::create_new));
  const Bytes bytes = encode(info);
  MEDARC_TRY(file->write_at(0, {bytes}));
  MEDARC_TRY(file->sync());
  MEDARC_TRY(fs_.rename(fresh, path));
  return fs_.sync_dir(directory_);
}

Result<std::unique_ptr<File>> ResumableFiles::create_bytes(const std::string& id) {
  return fs_.open(bytes_path(id), OpenMode::create_new);
}

Result<std::unique_ptr<File>> ResumableFiles::open_bytes(const std::string& id, uint64_t size) {
  MEDARC_ASSIGN(auto file, fs_.open(bytes_path(id), OpenMode::read_write));
  MEDARC_ASSIGN(const uint64_t there, file->size());
  if (there < size) return make_error(Code::corrupt, "an upload's file is shorter than recorded");
  MEDARC_TRY(file->truncate(size));
  return file;
}

void ResumableFiles::remove_bytes(const std::string& id) { (void)fs_.remove(bytes_path(id)); }

void ResumableFiles::remove(const std::string& id) {
  remove_bytes(id);
  (void)fs_.remove(info_path(id));
}

}  // namespace medarc::genomics
