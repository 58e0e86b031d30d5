#include "genomics/slice_text.h"

#include "genomics/hts_record.h"
#include "genomics/record_json.h"

namespace medarc::genomics {
namespace {

constexpr size_t kGatheredBytes = 64u << 10;  // made at a time

// Hands out what make() gathers.
class TextSource : public ByteSource {
 public:
  explicit TextSource(RecordScan scan) : scan_(std::move(scan)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    if (at_ == text_.size()) {
      text_.clear();
      at_ = 0;
      if (!started_) begin(text_);
      started_ = true;
      while (!ended_ && text_.size() < kGatheredBytes) MEDARC_TRY(add_record());
    }
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 protected:
  virtual void begin(std::string& out) = 0;
  virtual Status record(ByteView record, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
  const RecordScan& scan() const { return scan_; }

 private:
  Status add_record() {
    MEDARC_ASSIGN(const ByteView next, scan_.next());
    if (!next.empty()) return record(next, text_);
    end(text_);
    ended_ = true;
    return {};
  }

  RecordScan scan_;
  std::string text_;
  size_t at_ = 0;
  bool started_ = false, ended_ = false;
};

class SamSource final : public TextSource {
 public:
  SamSource(RecordScan scan, SamText text, bool with_header)
      : TextSource(std::move(scan)), text_(std::move(text)), with_header_(with_header) {}

 private:
  void begin(std::string& out) override {
    if (with_header_) append_sam_header(scan().header(), out);
  }
  Status record(ByteView record, std::string& out) override { return text_.append(record, out); }
  void end(std::string&) override {}

  SamText text_;
  const bool with_header_;
};

class JsonSource final : public TextSource {
 public:
  JsonSource(RecordScan scan, bool lines)
      : TextSource(std::move(scan)), json_(this->scan().header()), lines_(lines) {}

 private:
  void begin(std::string& out) override {
    if (!lines_) out += '[';
  }
  Status record(ByteView record, std::string& out) override {
    if (!lines_ && any_) out += ",\n";
    any_ = true;
    MEDARC_TRY(json_.append(record, scan().slice().mask, out));
    if (lines_) out += '\n';
    return {};
  }
  void end(std::string& out) override {
    if (!lines_) out += "]\n";
  }

  RecordJson json_;
  const bool lines_;
  bool any_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_slice_text(RecordScan scan, RecordsForm form,
                                                    bool with_header) {
  if (form != RecordsForm::sam) {
    return std::unique_ptr<ByteSource>(
        std::make_unique<JsonSource>(std::move(scan), form == RecordsForm::ndjson));
  }
  MEDARC_ASSIGN(SamText text, SamText::create(scan.header()));
  return std::unique_ptr<ByteSource>(
      std::make_unique<SamSource>(std::move(scan), std::move(text), with_header));
}

}  // namespace medarc::genomics
