// Many senders that all bring the same new patient at the same moment, by every door.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "tests/scenario/clients.h"

namespace medarc::test {
namespace {

constexpr int kSenders = 64;
constexpr int kRounds = 3;

TEST(Patients, OneNewPatientOf64SendersAtOnceIsOnePatient) {
  const TempDir directory;
  ServerProcess server(directory.path() + "/archive");
  ASSERT_TRUE(server.ready());
  for (int round = 0; round < kRounds; ++round) {
    const std::string patient = "RACE-" + std::to_string(round);
    std::barrier start(kSenders);
    std::atomic<int> accepted{0};
    std::vector<std::thread> senders;
    for (int i = 0; i < kSenders; ++i) {
      senders.emplace_back([&, i] {
        const auto number = static_cast<uint64_t>(round * kSenders + i);
        const SmallObject object = make_object(number, 512, patient);
        bool stored = false;
        if (i % 4 == 0) {
          RawAssociation association(server.dicom_port(), store_request("RACER"));
          start.arrive_and_wait();
          stored = association.established() && c_store(association, object);
        } else if (i % 4 == 3) {
          HttpClient client(server.http_port());
          const std::string bam = make_bam(number);
          start.arrive_and_wait();
          stored = upload(client, "race.bam", patient, bam).has_value();
        } else {
          HttpClient client(server.http_port());
          start.arrive_and_wait();
          stored = stow(client, {object});
        }
        accepted += stored;
      });
    }
    for (std::thread& sender : senders) sender.join();
    EXPECT_EQ(accepted, kSenders);

    const HttpAnswer found =
        http(server.http_port(), "GET", "/fhir/Patient?identifier=" + url_encode(patient));
    ASSERT_EQ(json_number(found.body, "total"), 1u) << found.body;
    const size_t at = found.body.find("\"resourceType\":\"Patient\"");
    ASSERT_NE(at, std::string::npos);
    const auto ids = json_values(found.body.substr(at), "id");
    ASSERT_FALSE(ids.empty());
    const auto linked = [&](const std::string& type) {
      return json_number(http(server.http_port(), "GET",
                              "/fhir/" + type + "?_count=0&patient=" + ids.front()).body,
                         "total");
    };
    EXPECT_EQ(linked("ImagingStudy"), uint64_t{kSenders} * 3 / 4);
    EXPECT_EQ(linked("DocumentReference"), uint64_t{kSenders} / 4);
  }
  EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace medarc::test
