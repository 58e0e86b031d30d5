#include "tests/support/genome_maker.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>

extern char** environ;

namespace medarc::test {
namespace {

void put(std::string& out, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(v >> 8 * i);
}

int bin_of(int64_t begin, int64_t end) {
  --end;
  if (begin >> 14 == end >> 14) return static_cast<int>(4681 + (begin >> 14));
  if (begin >> 17 == end >> 17) return static_cast<int>(585 + (begin >> 17));
  if (begin >> 20 == end >> 20) return static_cast<int>(73 + (begin >> 20));
  if (begin >> 23 == end >> 23) return static_cast<int>(9 + (begin >> 23));
  if (begin >> 26 == end >> 26) return static_cast<int>(1 + (begin >> 26));
  return 0;
}

std::string deflate_member(const std::string& plain, int window_bits) {
  z_stream z{};
  if (deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string out(deflateBound(&z, plain.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("deflate");
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

std::string block(const std::string& plain) {
  const std::string data = deflate_member(plain, -15);
  std::string out("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
  put(out, 18 + data.size() + 8 - 1, 2);
  out += data;
  put(out, crc32(0, reinterpret_cast<const Bytef*>(plain.data()), static_cast<uInt>(plain.size())), 4);
  put(out, plain.size(), 4);
  return out;
}

struct Draft {
  MadeRecord made;
  std::vector<uint32_t> cigar;  // length << 4 | op
  uint32_t bases = 0;
  int32_t mate_tid = -1, mate_begin = -1;
  uint8_t quality = 0;
};

std::string encode(const Draft& d, std::mt19937_64& random) {
  const bool cg = d.cigar.size() > 65'535;
  const int64_t span = d.made.end - d.made.begin;
  std::vector<uint32_t> cigar = d.cigar;
  if (cg) cigar = {d.bases << 4 | 4, static_cast<uint32_t>(span) << 4 | 3};
  std::string r;
  put(r, static_cast<uint32_t>(d.made.tid), 4);
  put(r, static_cast<uint32_t>(d.made.begin), 4);
  put(r, d.made.name.size() + 1, 1);
  put(r, d.quality, 1);
  put(r, static_cast<uint64_t>(d.made.begin < 0 ? 4680 : bin_of(d.made.begin, d.made.end)), 2);
  put(r, cigar.size(), 2);
  put(r, d.made.flag, 2);
  put(r, d.bases, 4);
  put(r, static_cast<uint32_t>(d.mate_tid), 4);
  put(r, static_cast<uint32_t>(d.mate_begin), 4);
  put(r, 0, 4);
  r += d.made.name;
  r += '\0';
  for (const uint32_t op : cigar) put(r, op, 4);
  static constexpr uint8_t kCodes[] = {1, 2, 4, 8};
  for (uint32_t i = 0; i < d.bases; i += 2) {
    const uint32_t low = i + 1 < d.bases ? kCodes[random() & 3] : 0;
    r += static_cast<char>(kCodes[random() & 3] << 4 | low);
  }
  for (uint32_t i = 0; i < d.bases; ++i) r += static_cast<char>(2 + random() % 38);
  r += std::string("RGZrg1\0", 7);
  r += "NMC" + std::string(1, static_cast<char>(random() % 10));
  if (cg) {
    r += "CGBI";
    put(r, d.cigar.size(), 4);
    for (const uint32_t op : d.cigar) put(r, op, 4);
  }
  std::string out;
  put(out, r.size(), 4);
  return out + r;
}

Draft draft(const BamOptions& o, uint32_t number, std::mt19937_64& random) {
  Draft d;
  d.made.name = "read" + std::to_string(number);
  d.bases = o.read_bases;
  d.quality = static_cast<uint8_t>(random() % 61);
  d.made.tid = static_cast<int32_t>(random() % o.references.size());
  const auto length = static_cast<int64_t>(o.references[static_cast<size_t>(d.made.tid)].second);
  static constexpr uint16_t kFlags[] = {0,    16,   99,   147,  83,   163,  73,   1 + 64 + 512,
                                        256,  2048, 1024, 1 + 64 + 8, 4 + 1 + 128, 512, 99 + 1024, 4};
  d.made.flag = kFlags[random() % std::size(kFlags)];
  int64_t span = d.bases;
  d.cigar = {d.bases << 4};
  if (random() % 5 == 0 && d.bases > 40) {
    d.cigar = {10u << 4 | 4, (d.bases - 30) << 4, 7u << 4 | 2, 5u << 4 | 1, 15u << 4};
    span = d.bases - 30 + 7 + 15;
  }
  if (o.long_deletion_every > 0 && number % o.long_deletion_every == 0) {
    d.cigar = {(d.bases / 2) << 4, 20'000u << 4 | (number % 2 == 0 ? 2u : 3u), (d.bases - d.bases / 2) << 4};
    span = int64_t{d.bases} + 20'000;
  }
  d.made.begin = static_cast<int32_t>(random() % static_cast<uint64_t>(std::max<int64_t>(1, length - 1)));
  d.made.end = static_cast<int32_t>(d.made.begin + span);
  if ((d.made.flag & 4) != 0) {
    d.cigar.clear();
    d.made.end = d.made.begin + 1;
  }
  if ((d.made.flag & 1) != 0) {
    d.mate_tid = random() % 10 == 0 ? 0 : d.made.tid;
    d.mate_begin = d.made.begin;
    if (d.mate_tid == 0) d.mate_begin = 5;
  }
  return d;
}

}  // namespace

std::string bgzip(const std::string& plain, uint32_t block_plain_bytes, bool eof) {
  std::string out;
  for (size_t at = 0; at < plain.size(); at += block_plain_bytes) {
    out += block(plain.substr(at, block_plain_bytes));
  }
  if (eof) {
    out += std::string("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0", 28);
  }
  return out;
}

MadeBam make_bam(const BamOptions& o) {
  std::mt19937_64 random(o.seed);
  MadeBam out;
  out.header_text = std::string("@HD\tVN:1.6\tSO:") + (o.sorted ? "coordinate" : "unknown") + "\n";
  for (const auto& [name, bases] : o.references) {
    out.header_text += "@SQ\tSN:" + name + "\tLN:" + std::to_string(bases) + "\n";
  }
  for (size_t i = 0; i < o.samples.size(); ++i) {
    out.header_text += "@RG\tID:rg" + std::to_string(i + 1) + "\tSM:" + o.samples[i] + "\n";
  }
  std::string header("BAM\1", 4);
  put(header, out.header_text.size(), 4);
  header += out.header_text;
  put(header, o.references.size(), 4);
  for (const auto& [name, bases] : o.references) {
    put(header, name.size() + 1, 4);
    header += name + '\0';
    put(header, bases, 4);
  }
  std::vector<Draft> drafts;
  for (uint32_t i = 0; i < o.records && !o.references.empty(); ++i) drafts.push_back(draft(o, i, random));
  if (o.long_read_straddles) {
    Draft d;
    d.made = {0, 1000, 1000 + 150'000, 0, "long"};
    d.bases = 300'000;
    d.cigar = {150'000u << 4, 150'000u << 4 | 4};
    drafts.push_back(d);
  }
  if (o.huge_cigar) {
    Draft d;
    d.made = {0, 500, 0, 0, "manyops"};
    for (int i = 0; i < 35'000; ++i) {
      d.cigar.push_back(1u << 4);
      d.cigar.push_back(1u << 4 | 2);
    }
    d.bases = 35'000;
    d.made.end = 500 + 70'000;
    drafts.push_back(d);
  }
  if (o.sorted) {
    std::stable_sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
      return std::pair(a.made.tid, a.made.begin) < std::pair(b.made.tid, b.made.begin);
    });
  }
  for (uint32_t i = 0; i < o.unplaced; ++i) {
    Draft d;
    d.made = {-1, -1, 0, static_cast<uint16_t>(i % 2 == 0 ? 4 : 77), "unplaced" + std::to_string(i)};
    d.bases = o.read_bases;
    drafts.push_back(d);
  }
  std::string pending = header;
  if (!o.straddle) {
    out.bytes = bgzip(pending, o.block_plain_bytes, false);
    pending.clear();
  }
  for (const Draft& d : drafts) {
    const std::string record = encode(d, random);
    // As HTSlib writes: a block ends before a record that does not fit, unless it fills blocks alone.
    if (!o.straddle && pending.size() + record.size() > o.block_plain_bytes) {
      out.bytes += bgzip(pending, o.block_plain_bytes, false);
      pending.clear();
    }
    pending += record;
    out.records.push_back(d.made);
  }
  out.bytes += bgzip(pending, o.block_plain_bytes, o.eof);
  return out;
}

std::string make_fastq(const FastqOptions& o) {
  std::mt19937_64 random(o.seed);
  const std::string end = o.crlf ? "\r\n" : "\n";
  std::string out;
  for (uint32_t i = 0; i < o.records; ++i) {
    const uint32_t bases = o.bases_min + static_cast<uint32_t>(random() % (o.bases_max - o.bases_min + 1));
    std::string seq, qual;
    for (uint32_t b = 0; b < bases; ++b) {
      seq += "ACGT"[random() & 3];
      const int q = o.quality_min + static_cast<int>(random() % static_cast<uint64_t>(o.quality_max - o.quality_min + 1));
      qual += static_cast<char>(o.phred_offset + q);
    }
    out += "@run:1:" + std::to_string(i) + " 1:N:0" + end + seq + end + "+" + end + qual + end;
  }
  return out;
}

std::string gzip(const std::string& plain, int members_count) {
  std::string out;
  const size_t each = plain.size() / static_cast<size_t>(members_count) + 1;
  for (size_t at = 0; at < plain.size() || at == 0; at += each) out += deflate_member(plain.substr(at, each), 31);
  return out;
}

std::string gunzip(const std::string& bytes) {
  std::string out;
  z_stream z{};
  inflateInit2(&z, 31);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  std::string piece(1 << 20, '\0');
  while (z.avail_in > 0) {
    z.next_out = reinterpret_cast<Bytef*>(piece.data());
    z.avail_out = static_cast<uInt>(piece.size());
    const int done = inflate(&z, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - z.avail_out);
    if (done == Z_STREAM_END) {
      inflateReset(&z);
    } else if (done != Z_OK) {
      inflateEnd(&z);
      throw std::runtime_error("gunzip: damaged");
    }
  }
  inflateEnd(&z);
  return out;
}

namespace {

int run(const std::vector<std::string>& words, std::string* out) {
  int fds[2];
  if (pipe(fds) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
  posix_spawn_file_actions_addclose(&actions, fds[0]);
  posix_spawn_file_actions_addclose(&actions, fds[1]);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int spawned = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  if (spawned != 0) {
    close(fds[0]);
    throw std::runtime_error("cannot run " + words[0] + ": is it installed?");
  }
  std::string piece(1 << 16, '\0');
  for (ssize_t n; (n = read(fds[0], piece.data(), piece.size())) > 0;) {
    if (out != nullptr) out->append(piece, 0, static_cast<size_t>(n));
  }
  close(fds[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string run_tool(const std::vector<std::string>& words) {
  std::string out;
  if (const int code = run(words, &out); code != 0) {
    std::string all;
    for (const std::string& w : words) all += w + " ";
    throw std::runtime_error(all + "exits with " + std::to_string(code));
  }
  return out;
}

bool runs_well(const std::vector<std::string>& words) { return run(words, nullptr) == 0; }

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

}  // namespace medarc::test
