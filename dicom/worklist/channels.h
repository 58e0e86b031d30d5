// Open event channels, by AE title: what waits in memory for readers that are connected now. A
// reader that does not keep up loses its channel, not the server its memory. Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "dicom/worklist/events.h"
#include "dicom/worklist/options.h"

namespace medarc::dicom::worklist {

class Channel {
 public:
  explicit Channel(size_t events_max) : events_max_(events_max) {}

  // The next message to send; nullopt: none now.
  std::optional<std::string> next();
  // Set when the channel is over, with what to tell the reader. What waits is dropped then.
  std::optional<std::string> over() const;
  // Called, by any thread, when next() or over() may have something. Replaces the one before.
  void on_change(std::function<void()> wake);

  void push(const Event& event);
  void close(std::string reason);

 private:
  const size_t events_max_;
  mutable std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::optional<std::string> over_;
  std::function<void()> wake_;
  uint16_t last_message_id_ = 0;
};

class Channels {
 public:
  explicit Channels(const WorklistOptions& options);
  // A channel that lives as long as somebody holds it. unavailable: channels_max, or
  // channels_per_subscriber_max. `first`: nobody of this AE title has been here since the start.
  Result<std::shared_ptr<Channel>> open(const std::string& aet, bool* first = nullptr);
  // To every open channel of the AE title.
  void send(const std::string& aet, const Event& event);
  void close_all(const std::string& reason);

 private:
  using Open = std::multimap<std::string, std::weak_ptr<Channel>>;
  const uint32_t channels_max_, per_subscriber_max_, events_max_;
  std::mutex mutex_;
  Open open_;
  std::set<std::string> met_;
};

}  // namespace medarc::dicom::worklist
