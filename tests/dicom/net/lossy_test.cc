// C-GET by a peer that takes images in a lossy transfer syntax only (D3): nothing, unless the
// configuration allows a new instance to be made.
#include "tests/dicom/net/query_fixture.h"
#include "tests/support/frames.h"
#include "tests/support/image_object.h"

namespace medarc::dicom::test {
namespace {

constexpr char kBaseline[] = "1.2.840.10008.1.2.4.50";

class LossyNet : public QueryNet {
 protected:
  struct Got {
    std::vector<RawResponse> stored;  // requests that came, with their datasets
    RawResponse last;
  };
  // `also`: a further context for the class.
  Got get(bool allowed, const char* also = nullptr) {
    medarc::test::ImageObject object;
    object.shape = medarc::test::all_shapes()[2].shape;
    object.frames = {medarc::test::make_frame(object.shape).pixels};
    store(make_file(object));
    options.lossy_to_peers = allowed;
    listen();
    auto row = archive->view()->instance(StudyUid(object.study_uid), SeriesUid(object.series_uid),
                                         SopInstanceUid(object.sop_uid));
    EXPECT_TRUE(row.has_value() && *row);
    const std::string sop_class = (*row)->sop_class.value;
    RawRequest request;
    request.contexts = {{1, kStudyGet, {kImplicit}}, {3, sop_class, {kBaseline}}};
    if (also != nullptr) request.contexts.push_back({5, sop_class, {also}});
    request.user_items = ul_item(
        0x54, be16(static_cast<uint16_t>(sop_class.size())) + sop_class + std::string("\0\1", 2));
    RawAssociation association(port(), request);
    EXPECT_TRUE(association.established());
    EXPECT_TRUE(association.send_message(1, true,
                                         command_set({{0x0002, ui(kStudyGet)},
                                                      {0x0100, le16(0x0010)},
                                                      {0x0110, le16(5)},
                                                      {0x0800, le16(0)}})));
    EXPECT_TRUE(association.send_message(
        1, false, key(0x00080052, "STUDY") + key(0x0020000D, object.study_uid, '\0')));
    Got out;
    while (auto came = association.read_response()) {
      if (came->command_field == 0x0001) {
        while (came->instance.ends_with('\0')) came->instance.pop_back();
        out.stored.push_back(*came);
        EXPECT_TRUE(association.send_message(also == nullptr ? 3 : 5, true,
                                             command_set({{0x0002, ui(sop_class)},
                                                          {0x0100, le16(0x8001)},
                                                          {0x0120, le16(came->request_id)},
                                                          {0x0800, le16(0x0101)},
                                                          {0x0900, le16(0)},
                                                          {0x1000, ui(came->instance)}})));
      } else if (came->status != 0xFF00) {
        out.last = *came;
        EXPECT_TRUE(association.release());
        return out;
      }
    }
    ADD_FAILURE() << "the association ended";
    return out;
  }
};

TEST_F(LossyNet, D3_NothingLossyLeavesUnlessItIsAllowed) {
  const Got got = get(false);
  EXPECT_EQ(got.stored.size(), 0u);
  EXPECT_EQ(got.last.failed, 1);
}

TEST_F(LossyNet, D3_AsANewInstanceWhereItIsAllowed) {
  const Got got = get(true);
  ASSERT_EQ(got.stored.size(), 1u);
  EXPECT_EQ(got.last.completed, 1);
  const std::string uid = got.stored[0].instance;
  EXPECT_NE(uid, "2.25.3003");
  // The dataset says the same as the command.
  EXPECT_NE(got.stored[0].dataset.find(uid), std::string::npos);
  EXPECT_NE(got.stored[0].dataset.find("ISO_10918_1"), std::string::npos);
}

TEST_F(LossyNet, D3_WhatLosesNothingGoesBeforeIt) {
  const Got got = get(true, kExplicit);
  ASSERT_EQ(got.stored.size(), 1u);
  EXPECT_EQ(got.stored[0].instance, "2.25.3003");
}

}  // namespace
}  // namespace medarc::dicom::test
