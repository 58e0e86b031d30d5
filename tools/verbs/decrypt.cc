// medarc decrypt: opens a Crypt4GH file, whoever made it. Needs no archive.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/fs.h"
#include "genomics/crypt4gh_open.h"
#include "tools/key_files.h"
#include "tools/verb.h"

namespace medarc::tools {
namespace {

constexpr size_t kPieceBytes = 1u << 20;

struct DecryptOptions {
  std::string key_file, passphrase_file, in = "-", out = "-", range;
};

class DiskReader final : public archive::BlobReader {
 public:
  DiskReader(std::unique_ptr<File> file, uint64_t size) : file_(std::move(file)), size_(size) {}
  uint64_t size() const override { return size_; }
  Status read(ByteRange range, char* out) override {
    MEDARC_ASSIGN(const size_t n, file_->read_at(range.begin, out, range.length));
    if (n == range.length) return {};
    return make_error(Code::io, "the file ends earlier than it did");
  }

 private:
  const std::unique_ptr<File> file_;
  const uint64_t size_;
};

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Result<Stream> open_stream(const std::string& name, bool write) {
  if (name == "-") return Stream(write ? stdout : stdin, std::fflush);
  Stream out(std::fopen(name.c_str(), write ? "wbx" : "rb"), std::fclose);
  if (out == nullptr) {
    return make_error(
        Code::invalid_argument,
        write ? "cannot make the file (one that is there is kept)" : "cannot read the file");
  }
  return out;
}

class StreamSink final : public ByteSink {
 public:
  explicit StreamSink(std::FILE* out) : out_(out) {}
  Status write(ByteView bytes) override {
    if (std::fwrite(bytes.data(), 1, bytes.size(), out_) == bytes.size()) return {};
    return make_error(Code::io, "the output cannot be written");
  }

 private:
  std::FILE* const out_;
};

// "A-B", as the reference implementation has it: from A on, B left out; or "A".
Result<ByteRange> parse_range(const std::string& text, uint64_t size) {
  unsigned long long from = 0, to = size;
  int end = 0;
  const int found = std::sscanf(text.c_str(), "%llu%n-%llu%n", &from, &end, &to, &end);
  if (found < 1 || static_cast<size_t>(end) != text.size() || from > to) {
    return make_error(Code::invalid_argument, "--range: FROM or FROM-TO, in plain bytes");
  }
  const uint64_t begin = std::min<uint64_t>(from, size);
  return ByteRange{begin, std::min<uint64_t>(to, size) - begin};
}

Status decrypt_range(const DecryptOptions& options, std::vector<genomics::crypt4gh::Secret> keys,
                     ByteSink& out) {
  if (options.in == "-") {
    return make_error(Code::invalid_argument, "--range wants a file, which can be read anywhere");
  }
  MEDARC_ASSIGN(auto file, posix_fs().open(options.in, OpenMode::read));
  MEDARC_ASSIGN(const uint64_t size, file->size());
  MEDARC_ASSIGN(const auto plain,
                genomics::crypt4gh::open_file(std::make_unique<DiskReader>(std::move(file), size),
                                              std::move(keys), genomics::Crypt4ghLimits()));
  MEDARC_ASSIGN(ByteRange left, parse_range(options.range, plain->size()));
  Bytes piece;
  while (left.length > 0) {
    piece.resize(std::min<uint64_t>(kPieceBytes, left.length));
    MEDARC_TRY(plain->read({left.begin, piece.size()}, piece.data()));
    MEDARC_TRY(out.write(piece));
    left = {left.begin + piece.size(), left.length - piece.size()};
  }
  return {};
}

Status decrypt_all(const DecryptOptions& options, std::vector<genomics::crypt4gh::Secret> keys,
                   ByteSink& out) {
  MEDARC_ASSIGN(const Stream from, open_stream(options.in, false));
  genomics::crypt4gh::StreamOpener opener(std::move(keys), genomics::Crypt4ghLimits(), out);
  Bytes piece(kPieceBytes, '\0');
  while (const size_t n = std::fread(piece.data(), 1, piece.size(), from.get())) {
    MEDARC_TRY(opener.write(ByteView(piece).substr(0, n)));
  }
  if (std::ferror(from.get()) != 0) return make_error(Code::io, "the input cannot be read");
  return opener.finish();
}

Status decrypt(const DecryptOptions& options) {
  MEDARC_ASSIGN(const auto key, read_secret_key_file(options.key_file, options.passphrase_file));
  MEDARC_ASSIGN(const Stream to, open_stream(options.out, true));
  StreamSink out(to.get());
  Status done =
      options.range.empty() ? decrypt_all(options, {key}, out) : decrypt_range(options, {key}, out);
  if (done.has_value() && std::fflush(to.get()) != 0) {
    done = make_error(Code::io, "the output cannot be written");
  }
  // Half a file is worse than none.
  if (done.has_error() && options.out != "-") std::remove(options.out.c_str());
  return done;
}

}  // namespace

void add_decrypt(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DecryptOptions>();
  CLI::App* verb = app.add_subcommand("decrypt", "Open a Crypt4GH file");
  verb->add_option("--key", options->key_file, "File of the reader's secret key")->required();
  verb->add_option("--passphrase-file", options->passphrase_file, "File with its passphrase");
  verb->add_option("--range", options->range, "Only these plain bytes: FROM or FROM-TO (left out)");
  verb->add_option("in", options->in, "The file; - is the standard input")->capture_default_str();
  verb->add_option("out", options->out, "Where to; - is the standard output")
      ->capture_default_str();
  verb->callback([options, &exit_code] {
    const Status done = decrypt(*options);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools
