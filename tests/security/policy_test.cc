#include "security/policy.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "tests/security/fake_index.h"

namespace medarc::security {
namespace {

// What is expected, written apart from the table: s store, r read, f find, d remove, a administer.
constexpr std::string_view kExpected = R"(
role             images genomes records audit system worklist
administrator    srfda  srfda   srfda   rfa   srfda  srfda
clinician        rf     -       srf     -     -      rf
radiologist      srf    -       rf      -     -      srf
technologist     srf    -       rf      -     -      srf
bioinformatician -      srfd    -       -     -      -
registrar        -      -       srf     -     -      -
auditor          -      -       -       rf    -      -
modality         sf     -       -       -     -      srf
)";
constexpr Domain kDomains[] = {Domain::images, Domain::genomes, Domain::records,
                               Domain::audit,  Domain::system,  Domain::worklist};
const std::map<char, Action> kActions = {{'s', Action::store},
                                         {'r', Action::read},
                                         {'f', Action::find},
                                         {'d', Action::remove},
                                         {'a', Action::administer}};

struct Cell {
  Role role;
  Domain domain;
  Action action;
  bool expected;
};

std::vector<Cell> cells() {
  std::vector<Cell> out;
  std::istringstream lines{std::string(kExpected.substr(1))};
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string role, letters;
    words >> role;
    for (Domain domain : kDomains) {
      words >> letters;
      for (const auto& [letter, action] : kActions) {
        out.push_back(
            {role_of(role).value(), domain, action, letters.find(letter) != std::string::npos});
      }
    }
  }
  return out;
}

class PolicyMatrix : public testing::TestWithParam<Cell> {};

TEST_P(PolicyMatrix, GuardDecidesAsExpected) {
  const Cell cell = GetParam();
  EXPECT_EQ(allowed({cell.role}, cell.domain, cell.action), cell.expected);

  test::FakeIndex index;
  auto guard = Guard::create(index, {});
  Principal who{"token:someone", {cell.role}, "http", ""};
  const Object object{cell.domain, "thing/1", ""};
  const Status status = guard->authorise(who, cell.action, object);
  EXPECT_EQ(status.has_value(), cell.expected);
  EXPECT_EQ(index.entries().size(), cell.expected ? 0u : 1u);
  const Status admitted = guard->admit(who, cell.action, object);
  EXPECT_EQ(admitted.has_value(), cell.expected);
  ASSERT_EQ(index.entries().size(), 1u);
  const index::AuditEntry entry = index.entries()[0];
  EXPECT_EQ(entry.allowed, cell.expected);
  EXPECT_EQ(entry.action, cell.expected ? to_string(cell.action) : "refuse");
  EXPECT_EQ(entry.object, "thing/1");
  if (!cell.expected) {
    EXPECT_EQ(status.error().code, Code::permission_denied);
    EXPECT_EQ(entry.detail,
              std::string(to_string(cell.action)) + " " + std::string(to_string(cell.domain)));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryRoleDomainAction, PolicyMatrix, testing::ValuesIn(cells()),
                         [](const auto& instance) {
                           return std::string(to_string(instance.param.role)) + "_" +
                                  std::string(to_string(instance.param.domain)) + "_" +
                                  std::string(to_string(instance.param.action));
                         });

TEST(Policy, MatrixHasEveryCell) { EXPECT_EQ(cells().size(), 8u * 6u * 5u); }

TEST(Policy, RolesAddUp) {
  EXPECT_FALSE(allowed({}, Domain::images, Action::find));
  EXPECT_TRUE(allowed({Role::modality, Role::bioinformatician}, Domain::images, Action::store));
  EXPECT_TRUE(allowed({Role::modality, Role::bioinformatician}, Domain::genomes, Action::read));
  EXPECT_FALSE(allowed({Role::modality, Role::bioinformatician}, Domain::records, Action::read));
}

TEST(Policy, NobodyStoresOrRemovesAudit) {
  EXPECT_FALSE(allowed(every_role(), Domain::audit, Action::store));
  EXPECT_FALSE(allowed(every_role(), Domain::audit, Action::remove));
}

TEST(Policy, EveryRoleHasANameThatReadsBack) {
  EXPECT_EQ(every_role().size(), 8u);
  for (Role role : every_role()) EXPECT_EQ(role_of(to_string(role)), role);
  EXPECT_FALSE(role_of("root"));
}

}  // namespace
}  // namespace medarc::security
