#include "dicom/senders/report.h"

#include <chrono>
#include <set>

#include "base/codec.h"
#include "base/log.h"

namespace medarc::dicom::senders {
namespace {

constexpr uint32_t kEventsAtOnce = 500;
constexpr std::chrono::milliseconds kPause{500};  // between looks at a feed without news
constexpr std::chrono::seconds kSavedEvery{60};
constexpr uint64_t kFileBytesMax = 256ull << 20;
constexpr std::string_view kMagic = "MDSENDER";

void tell(const Error& error) {
  log(medarc::Level::error, "senders.report", {{"error", error.text}});
}

}  // namespace

Result<std::unique_ptr<Report>> Report::open(Fs& fs, const std::string& dir, index::Index& index,
                                             std::shared_ptr<Refusals> refusals,
                                             TallyLimits limits) {
  std::unique_ptr<Report> out(new Report(fs, dir + "/senders", index, std::move(refusals), limits));
  MEDARC_TRY(fs.make_dirs(out->dir_));
  if (const Status loaded = out->load(); loaded.has_error()) {
    log(medarc::Level::warn, "senders.recount", {{"error", loaded.error().text}});
    out->tally_.clear();
    out->through_ = archive::CommitNumber{0};
  }
  return out;
}

Report::~Report() { stop(); }

void Report::start() {
  thread_ = std::thread([this] { run(); });
}

void Report::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  if (const Status saved = save(); saved.has_error()) {
    tell(saved.error());
  }
}

Tally Report::counts() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

Status Report::count(index::View& view, const Bytes& id, Tally& out) {
  const size_t first = id.find('\0'), second = id.find('\0', first + 1);
  if (first == Bytes::npos || second == Bytes::npos) return {};
  MEDARC_ASSIGN(const auto row,
                view.instance(index::StudyUid(id.substr(0, first)),
                              index::SeriesUid(id.substr(first + 1, second - first - 1)),
                              index::SopInstanceUid(id.substr(second + 1))));
  if (!row) return {};  // gone since
  const KeptFindings kept = findings_of(*row);
  for (const Finding& finding : kept.findings) {
    out.add(kept.sender, finding, row->sop_class.value, row->uid.value, row->received);
  }
  return {};
}

Result<bool> Report::step() {
  Tally found(tally_.limits());
  const auto view = index_.view();
  archive::CommitNumber done = through_;
  MEDARC_ASSIGN(const archive::CommitNumber last, view->last_commit());
  if (last > through_) {
    MEDARC_ASSIGN(const auto events, view->feed(through_, kEventsAtOnce));
    std::set<Bytes> arrived;
    for (const index::Event& event : events) {
      if (event.kind == index::Kind::instance && event.state != index::State::not_found) {
        arrived.insert(event.id);
      }
    }
    for (const Bytes& id : arrived) MEDARC_TRY(count(*view, id, found));
    // A feed without events has told everything up to the last commit of the view.
    done = events.empty() ? last : events.back().number;
  }
  if (refusals_) found.add(refusals_->take());
  const std::lock_guard lock(mutex_);
  tally_.add(found);
  changed_ = changed_ || !found.empty() || done != through_;
  through_ = done;
  return done < last;
}

void Report::run() {
  auto saved = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Result<bool> more = step();
    Status kept;
    if (const auto time = std::chrono::steady_clock::now(); time - saved >= kSavedEvery) {
      kept = save();
      saved = time;
    }
    if (more.has_error()) tell(more.error());
    if (kept.has_error()) tell(kept.error());
    lock.lock();
    if (more.has_value() && *more) continue;
    wake_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

Status Report::save() {
  Encoder body;
  {
    const std::lock_guard lock(mutex_);
    if (!changed_) return {};
    changed_ = false;
    body.raw(kMagic);
    body.fixed(static_cast<uint64_t>(through_.value));
    body.bytes(tally_.encode());
  }
  const uint32_t sum = crc32c(body.view());
  body.fixed(sum);
  const Bytes bytes = body.take();
  const std::string path = dir_ + "/counts", written = path + ".new";
  const Status done = [&]() -> Status {
    MEDARC_ASSIGN(const bool left_over, fs_.exists(written));
    if (left_over) MEDARC_TRY(fs_.remove(written));
    MEDARC_ASSIGN(const auto file, fs_.open(written, OpenMode::create_new));
    MEDARC_TRY(file->write_at(0, {bytes}));
    MEDARC_TRY(file->sync());
    MEDARC_TRY(fs_.rename(written, path));
    return fs_.sync_dir(dir_);
  }();
  if (done.has_error()) {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  return done;
}

Result<Bytes> Report::read_file(const std::string& path) {
  MEDARC_ASSIGN(const auto file, fs_.open(path, OpenMode::read));
  MEDARC_ASSIGN(const uint64_t size, file->size());
  if (size > kFileBytesMax) return make_error(Code::corrupt, "the counts are too long");
  Bytes out(size, '\0');
  MEDARC_ASSIGN(const size_t got, file->read_at(0, out.data(), out.size()));
  out.resize(got);
  return out;
}

Status Report::load() {
  const std::string path = dir_ + "/counts";
  MEDARC_ASSIGN(const bool there, fs_.exists(path));
  if (!there) return {};
  MEDARC_ASSIGN(const Bytes bytes, read_file(path));
  const auto damaged = [] { return make_error(Code::corrupt, "the counts are damaged"); };
  if (bytes.size() < sizeof(uint32_t)) return damaged();
  const ByteView body = ByteView(bytes).substr(0, bytes.size() - sizeof(uint32_t));
  if (Decoder(ByteView(bytes).substr(body.size())).fixed<uint32_t>() != crc32c(body)) {
    return damaged();
  }
  Decoder in(body);
  if (in.raw(kMagic.size()) != kMagic) return damaged();
  through_.value = in.fixed<uint64_t>();
  MEDARC_TRY(tally_.decode(in.bytes()));
  if (!in.at_end()) return damaged();
  MEDARC_ASSIGN(const archive::CommitNumber last, index_.view()->last_commit());
  if (through_ > last) return make_error(Code::corrupt, "the counts are ahead of the archive");
  return {};
}

}  // namespace medarc::dicom::senders
