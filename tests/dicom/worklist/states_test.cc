// U2: the state table of PS3.4 CC.1.1-2, every cell of it.
#include "dicom/worklist/states.h"

#include <gtest/gtest.h>

namespace medarc::dicom::worklist {
namespace {

constexpr State kStates[] = {State::scheduled, State::in_progress, State::completed,
                             State::canceled};

// An item as it is in that state: all but a SCHEDULED one have been claimed.
index::WorkItemRow item_in(State state) {
  index::WorkItemRow out;
  out.state = state;
  if (state != State::scheduled) out.transaction = "2.25.1";
  return out;
}

struct Row {
  State wanted;
  bool correct;
  uint16_t expected[4];  // SCHEDULED, IN PROGRESS, COMPLETED, CANCELED; 0: it changes
};
constexpr Row kTable[] = {
    {State::in_progress, true, {0, 0xC302, 0xC300, 0xC300}},
    {State::in_progress, false, {0xC301, 0xC301, 0xC301, 0xC301}},
    {State::scheduled, true, {0xC303, 0xC303, 0xC303, 0xC303}},
    {State::scheduled, false, {0xC303, 0xC303, 0xC303, 0xC303}},
    {State::completed, true, {0xC310, 0, 0xB306, 0xC300}},
    {State::completed, false, {0xC301, 0xC301, 0xC301, 0xC301}},
    {State::canceled, true, {0xC310, 0, 0xC300, 0xB304}},
    {State::canceled, false, {0xC301, 0xC301, 0xC301, 0xC301}},
};

TEST(WorklistStates, U2_EveryCellOfTheStateTable) {
  for (const Row& row : kTable) {
    for (size_t i = 0; i < 4; ++i) {
      const auto item = item_in(kStates[i]);
      const auto what = std::string(to_string(kStates[i])) + " to " +
                        std::string(to_string(row.wanted)) + (row.correct ? " with" : " without");
      EXPECT_EQ(change_to(item, row.wanted, row.correct ? "2.25.1" : ""), row.expected[i]) << what;
      // A wrong UID is as none; of an unclaimed item no UID is wrong.
      if (!row.correct && kStates[i] != State::scheduled) {
        EXPECT_EQ(change_to(item, row.wanted, "2.25.2"), row.expected[i]) << what;
      }
    }
  }
}

TEST(WorklistStates, U2_RequestCancelInEveryState) {
  EXPECT_EQ(may_request_cancel(item_in(State::scheduled)), 0);
  EXPECT_EQ(may_request_cancel(item_in(State::in_progress)), 0);
  EXPECT_EQ(may_request_cancel(item_in(State::completed)), 0xC311);
  EXPECT_EQ(may_request_cancel(item_in(State::canceled)), 0xB304);
}

TEST(WorklistStates, U2_AttributesChangeUnderTheLockOnly) {
  EXPECT_EQ(may_update(item_in(State::scheduled), ""), 0);
  EXPECT_EQ(may_update(item_in(State::scheduled), "2.25.1"), 0xC310);
  EXPECT_EQ(may_update(item_in(State::in_progress), "2.25.1"), 0);
  EXPECT_EQ(may_update(item_in(State::in_progress), ""), 0xC301);
  EXPECT_EQ(may_update(item_in(State::in_progress), "2.25.2"), 0xC301);
  EXPECT_EQ(may_update(item_in(State::completed), "2.25.1"), 0xC300);
  EXPECT_EQ(may_update(item_in(State::canceled), "2.25.1"), 0xC300);
}

TEST(WorklistStates, NamesReadBack) {
  for (const State s : kStates) EXPECT_EQ(state_of(to_string(s)), s);
  EXPECT_FALSE(state_of("DISCONTINUED"));
  EXPECT_FALSE(state_of(""));
}

}  // namespace
}  // namespace medarc::dicom::worklist
