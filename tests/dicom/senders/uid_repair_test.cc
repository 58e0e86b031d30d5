// The mapping of UIDs that do not conform: stated, deterministic, without two becoming one.
#include "dicom/senders/uid_repair.h"

#include <gtest/gtest.h>

#include "dicom/derived_uid.h"

namespace medarc::dicom::senders {
namespace {

constexpr UidRepair kPadding{UidRepair::kPadding},
    kZeros{UidRepair::kPadding | UidRepair::kLeadingZeros}, kDerive{UidRepair::kDerive},
    kAll{UidRepair::kPadding | UidRepair::kLeadingZeros | UidRepair::kDerive},
    kUnstorable{UidRepair::kDeriveUnstorable};

TEST(UidRepair, S11_EachStepDoesWhatItSays) {
  EXPECT_EQ(repaired_uid(" 1.2.3 ", kPadding), "1.2.3");
  EXPECT_EQ(repaired_uid(std::string("1.2.3\0\0", 7), kPadding), "1.2.3");
  EXPECT_EQ(repaired_uid("1.2. 3", kPadding), "1.2.3");
  EXPECT_EQ(repaired_uid("1.02.3", kPadding), "1.02.3");
  EXPECT_EQ(repaired_uid("1.02.00.3", kZeros), "1.2.0.3");
  EXPECT_EQ(repaired_uid("1.0.3", kZeros), "1.0.3");
  EXPECT_EQ(repaired_uid("1.0a.3", kZeros), "1.0a.3");
  EXPECT_EQ(repaired_uid("", kAll), "");
  EXPECT_EQ(repaired_uid("   ", kAll), "");
  EXPECT_EQ(repaired_uid("1.2.3", kAll), "1.2.3");
}

TEST(UidRepair, S11_WhatCannotBePutRightIsDerivedFromItself) {
  for (const char* wrong :
       {"1.2.x", "1..2", ".1", "1.", "../../etc/passwd", "1.01",
        "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26"}) {
    const std::string derived = repaired_uid(wrong, kDerive);
    EXPECT_TRUE(conformant_uid(derived)) << wrong;
    EXPECT_EQ(derived.substr(0, 5), "2.25.") << wrong;
    EXPECT_EQ(derived, repaired_uid(wrong, kDerive)) << wrong;
  }
  // The mapping is part of what is stored: it must never change.
  EXPECT_EQ(derived_uid("study of 1.2.3"), repaired_uid("study of 1.2.3", kDerive));
  EXPECT_NE(repaired_uid("1.01", kDerive), repaired_uid("1.1", kDerive));
  EXPECT_NE(repaired_uid("1.01", kDerive), repaired_uid("1.001", kDerive));
  // Only what could not be a name.
  EXPECT_EQ(repaired_uid("1.01", kUnstorable), "1.01");
  EXPECT_TRUE(conformant_uid(repaired_uid("a/b", kUnstorable)));
}

TEST(UidRepair, S11_ValuesKeepTheirNumberAndLoseTheirPadding) {
  EXPECT_EQ(repaired_uids("1.02\\1.3", kZeros), "1.2\\1.3");
  EXPECT_EQ(repaired_uids(std::string("1.2.3\0", 6), kAll), "1.2.3");
  EXPECT_EQ(repaired_uids("1.2.3 ", kPadding), "1.2.3");
  EXPECT_EQ(repaired_uids("", kAll), "");
  EXPECT_EQ(repaired_uids("\\", kAll), "\\");
}

TEST(UidRepair, StepsHaveNames) {
  EXPECT_EQ(uid_step("padding"), UidRepair::kPadding);
  EXPECT_EQ(uid_step("leading_zeros"), UidRepair::kLeadingZeros);
  EXPECT_EQ(uid_step("derive"), UidRepair::kDerive);
  EXPECT_FALSE(uid_step("zeros"));
}

}  // namespace
}  // namespace medarc::dicom::senders
