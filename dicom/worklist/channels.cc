#include "dicom/worklist/channels.h"

#include "base/metrics.h"

namespace medarc::dicom::worklist {
namespace {

constexpr size_t kMetMax = 10'000;

}  // namespace

std::optional<std::string> Channel::next() {
  std::lock_guard lock(mutex_);
  if (over_ || waiting_.empty()) return std::nullopt;
  std::string out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

std::optional<std::string> Channel::over() const {
  std::lock_guard lock(mutex_);
  return over_;
}

void Channel::on_change(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  if (wake_ && (over_ || !waiting_.empty())) wake_();
}

void Channel::push(const Event& event) {
  static Counter& dropped = counter("medarc_worklist_channels_dropped_total",
                                    "Event channels closed because their reader was too slow.");
  std::lock_guard lock(mutex_);
  if (over_) return;
  if (waiting_.size() >= events_max_) {
    over_ = "too slow: " + std::to_string(waiting_.size()) + " events were waiting";
    waiting_.clear();
    dropped.add();
  } else {
    waiting_.push_back(to_message(event, ++last_message_id_));
  }
  if (wake_) wake_();
}

void Channel::close(std::string reason) {
  std::lock_guard lock(mutex_);
  if (over_) return;
  over_ = std::move(reason);
  if (wake_) wake_();
}

Channels::Channels(const WorklistOptions& options)
    : channels_max_(options.channels_max),
      per_subscriber_max_(options.channels_per_subscriber_max),
      events_max_(options.channel_events_max) {}

Result<std::shared_ptr<Channel>> Channels::open(const std::string& aet, bool* first) {
  std::lock_guard lock(mutex_);
  std::erase_if(open_, [](const auto& entry) { return entry.second.expired(); });
  if (open_.size() >= channels_max_ || open_.count(aet) >= per_subscriber_max_) {
    return make_error(Code::unavailable, "there are as many event channels open as may be");
  }
  auto channel = std::make_shared<Channel>(events_max_);
  open_.emplace(aet, channel);
  const bool known = met_.contains(aet) || met_.size() >= kMetMax;
  if (!known) met_.insert(aet);
  if (first != nullptr) *first = !known;
  return channel;
}

void Channels::send(const std::string& aet, const Event& event) {
  std::vector<std::shared_ptr<Channel>> to;
  {
    std::lock_guard lock(mutex_);
    const auto [begin, end] = open_.equal_range(aet);
    for (auto at = begin; at != end; ++at) {
      if (auto channel = at->second.lock()) to.push_back(std::move(channel));
    }
  }
  for (const auto& channel : to) channel->push(event);
}

void Channels::close_all(const std::string& reason) {
  std::lock_guard lock(mutex_);
  for (auto& [aet, weak] : open_) {
    if (const auto channel = weak.lock()) channel->close(reason);
  }
}

}  // namespace medarc::dicom::worklist
