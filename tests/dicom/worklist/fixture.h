// A worklist on a real archive, with the jobs of its events left lying so that they can be read.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "base/fs.h"
#include "base/log.h"
#include "dicom/worklist/worklist.h"
#include "tests/support/temp_dir.h"
#include "tests/support/work_items.h"

namespace medarc::dicom::worklist {

using medarc::test::discontinued_json;
using medarc::test::performed_json;
using medarc::test::state_json;
using medarc::test::work_item_json;

class WorklistFixture : public testing::Test {
 protected:
  void SetUp() override {
    set_log_level(medarc::Level::off);
    ASSERT_TRUE(load_dictionary().has_value());
    auto config = Config::parse(
        "[[dicom.peer]]\naet = \"WATCH\"\nhost = \"127.0.0.1\"\nport = 1\n"
        "[[dicom.peer]]\naet = \"OTHER\"\nhost = \"127.0.0.1\"\nport = 1\n");
    destinations_ = *Destinations::from(*config);
    open();
  }
  void TearDown() override { set_log_level(medarc::Level::info); }
  void open() {
    list_.reset();
    jobs_.reset();
    guard_.reset();
    index_.reset();
    index::IndexOptions quick;
    auto opened = index::open_index(posix_fs(), dir_.path(), quick);
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    index_ = std::move(*opened);
    guard_ = security::Guard::create(*index_, {});
    jobs_ = std::move(*index::Jobs::open(*index_, {}));
    list_ = std::make_unique<Worklist>(*index_, *guard_, *jobs_, &destinations_, options_);
  }

  static DataSet of(const std::string& json) {
    auto out = read_dataset_json(json, {});
    EXPECT_TRUE(out.has_value()) << (out.has_error() ? out.error().text : "");
    return out.has_value() ? *out : DataSet();
  }
  static uint16_t status(const Result<Reply>& reply) {
    EXPECT_TRUE(reply.has_value()) << (reply.has_error() ? reply.error().text : "");
    return reply.has_value() ? reply->status : 0xFFFF;
  }
  uint16_t create(const std::string& uid, const std::string& json = work_item_json()) {
    return status(list_->create(who_, uid, of(json)));
  }
  uint16_t to_state(const std::string& uid, const std::string& state, const std::string& lock) {
    return status(list_->change_state(who_, uid, of(state_json(state, lock))));
  }
  uint16_t update(const std::string& uid, const std::string& lock, const std::string& json) {
    return status(list_->update(who_, uid, lock, of(json)));
  }
  uint16_t cancel(const std::string& uid, const std::string& json = "{}") {
    return status(list_->request_cancel(who_, uid, of(json), "ASKER"));
  }
  uint16_t subscribe(const std::string& target, const std::string& aet = "WATCH", bool lock = false,
                     const std::string& filter = "{}") {
    return status(list_->subscribe(who_, {target, aet, lock, false, of(filter)}));
  }
  uint16_t unsubscribe(const std::string& target, const std::string& aet = "WATCH") {
    return status(list_->unsubscribe(who_, target, aet));
  }
  // Completes it from whatever state it is in, with the lock 2.25.1.
  void complete(const std::string& uid) {
    EXPECT_EQ(to_state(uid, "IN PROGRESS", "2.25.1"), kDone);
    EXPECT_EQ(update(uid, "2.25.1", performed_json()), kDone);
    EXPECT_EQ(to_state(uid, "COMPLETED", "2.25.1"), kDone);
  }
  DataSet item(const std::string& uid) {
    auto got = list_->retrieve(who_, uid);
    EXPECT_TRUE(got.has_value() && !got->reply.failed());
    return got.has_value() ? got->item : DataSet();
  }
  std::string state(const std::string& uid) { return std::string(item(uid).first(kStepState)); }
  // Events for `aet` since the last call, as "type item [state]".
  std::vector<std::string> told(const std::string& aet = "WATCH") {
    std::vector<std::string> out;
    auto rows = index_->view()->jobs("worklist:" + aet, "", 10'000);
    for (const index::JobRow& row : *rows) {
      const auto job = decode_event_job(row.payload);
      EXPECT_TRUE(job.has_value());
      EXPECT_EQ(job->receiver, aet);
      std::string text = std::to_string(static_cast<int>(job->event.type)) + " " + job->event.item;
      const std::string_view now_in = job->event.information.first(kStepState);
      if (!now_in.empty()) text += " " + std::string(now_in);
      out.push_back(std::move(text));
      EXPECT_TRUE(jobs_->cancel(row.queue, row.name, {}).has_value());
    }
    return out;
  }
  using Texts = std::vector<std::string>;

  const medarc::test::TempDir dir_;
  WorklistOptions options_;
  Destinations destinations_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<security::Guard> guard_;
  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<Worklist> list_;
  const security::Principal who_{"ae:CT1", {security::Role::modality}, "test", "127.0.0.1"};
};

}  // namespace medarc::dicom::worklist
