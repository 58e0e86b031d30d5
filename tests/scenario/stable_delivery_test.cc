// Studies that go on when they are stable, with real processes: kill -9 and a peer that is away
// lose nothing, and a study that grows sends what is new.
#include "tests/scenario/outgoing_fixture.h"
#include "tests/support/dicom_maker.h"

namespace medarc::test {
namespace {

// All of one study.
std::vector<SmallObject> of_one_study(int from, int count) {
  std::vector<SmallObject> out;
  for (int i = from; i < from + count; ++i) {
    ImageRecipe r;
    r.rows = r.columns = 16;
    r.study_uid = "2.25.600";
    r.series_uid = "2.25.600.1";
    r.sop_uid = "2.25.600.1." + std::to_string(i);
    r.instance_number = i;
    r.seed = static_cast<uint64_t>(i);
    SmallObject object;
    object.study = r.study_uid;
    object.series = r.series_uid;
    object.instance = r.sop_uid;
    object.file = make_file(r);
    object.dataset = make_dataset(r);
    out.push_back(std::move(object));
  }
  return out;
}

TEST_F(Outgoing, AStableStudyGoesOutOnceAndLaterWhatIsNew) {
  const uint16_t port = free_port();
  const std::string file = config("a", "[completeness]\nstable_after_s = 1\n" + peer("B", port) +
                                           "[[dicom.route]]\nto = \"B\"\nwhen = \"stable\"\n");
  const auto first = of_one_study(1, 6), more = of_one_study(7, 2);
  {
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready()) << a.ready_line();
    HttpClient client(a.http_port());
    ASSERT_TRUE(stow(client, first));
    EXPECT_TRUE(eventually([&] {
      return json_values(jobs(a, "?queue=route:B"), "name").size() == first.size();
    })) << jobs(a);
    a.kill();
  }
  ServerProcess b(dir_ / "b", {"--aet", "B", "--dicom-port", std::to_string(port)});
  ASSERT_TRUE(b.ready());
  {
    ServerProcess a(dir_ / "a", {"--config", file});
    ASSERT_TRUE(a.ready()) << a.ready_line();
    for (const SmallObject& object : first) {
      EXPECT_TRUE(eventually([&] { return has(b, object); })) << object.instance;
    }
    EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); })) << jobs(a);
    HttpClient client(a.http_port());
    ASSERT_TRUE(stow(client, more));
    a.kill();  // before it is stable again
  }
  ServerProcess a(dir_ / "a", {"--config", file});
  ASSERT_TRUE(a.ready()) << a.ready_line();
  for (const SmallObject& object : more) {
    EXPECT_TRUE(eventually([&] { return has(b, object); })) << object.instance;
  }
  EXPECT_TRUE(eventually([&] { return json_values(jobs(a), "name").empty(); })) << jobs(a);
  EXPECT_EQ(metric(a, "medarc_deliveries_total"), more.size());
  EXPECT_EQ(a.stop(), 0);
  EXPECT_EQ(b.stop(), 0);
  const CommandResult rebuilt = run_medarc({"rebuild-index", "--data", dir_ / "a", "--compare"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
}

TEST_F(Outgoing, RulesForStableStudiesNeedThem) {
  ServerProcess a(
      dir_ / "a",
      {"--config", config("a", "[completeness]\nstable_after_s = 0\n" + peer("B", 104) +
                                   "[[dicom.route]]\nto = \"B\"\nwhen = \"stable\"\n")});
  EXPECT_FALSE(a.ready());
}

}  // namespace
}  // namespace medarc::test
