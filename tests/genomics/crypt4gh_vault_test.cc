// The archive's keys on disk, what is derived from them, and recipients.
#include <filesystem>

#include "archive/hash.h"
#include "genomics/crypt4gh_keys.h"
#include "tests/genomics/crypt4gh_fixture.h"

namespace medarc::genomics::crypt4gh {
namespace {

using test::Crypt4ghKey;

class VaultTest : public testing::Test {
 protected:
  Vault vault() { return Vault(posix_fs(), dir_ / "keys"); }
  Bytes file_for(Vault& vault, const Bytes& plain, const PublicKey& reader) {
    Share share = must(vault.share(archive::Sha256::of(plain), reader));
    SealedReader sealed(share.header, share.keys, std::make_unique<TextReader>(plain));
    return read_all(sealed);
  }
  test::TempDir dir_;
};

TEST_F(VaultTest, KeysAreMadeOnceAndKept) {
  PublicKey key;
  {
    Vault first = vault();
    EXPECT_FALSE(std::filesystem::exists(dir_ / "keys")) << "not before they are needed";
    key = must(first.public_key());
    EXPECT_EQ(must(first.public_key()), key);
  }
  Vault again = vault();
  EXPECT_EQ(must(again.public_key()), key);
  const auto mode = std::filesystem::status(dir_ / "keys/crypt4gh.sec").permissions();
  EXPECT_EQ(mode & std::filesystem::perms(077), std::filesystem::perms::none);
  EXPECT_EQ(security::public_key_of(
                must(read_secret_key(test::read_file(dir_ / "keys/crypt4gh.sec"), ""))),
            key)
      << "a file that the reference implementation reads too";
}

TEST_F(VaultTest, ANewKeyIsTheNewestAndTheOldOnesStay) {
  Vault keys = vault();
  const PublicKey first = must(keys.public_key());
  const Secret second = Secret::random();
  EXPECT_EQ(must(keys.add(second)), security::public_key_of(second));
  EXPECT_EQ(keys.add(second).error().code, Code::already_exists);
  Vault again = vault();
  EXPECT_EQ(must(again.public_key()), security::public_key_of(second));
  const auto all = must(again.reading_keys());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(security::public_key_of(all[1]), first);
  for (size_t i = 2; i < Vault::kKeysMax; ++i) must(again.add(Secret::random()));
  EXPECT_EQ(again.add(Secret::random()).error().code, Code::conflict);
  EXPECT_EQ(must(vault().reading_keys()).size(), Vault::kKeysMax);
}

TEST_F(VaultTest, ADamagedFileIsAnErrorAndNeverMadeAnew) {
  must(vault().public_key());
  must(vault().share({}, PublicKey{{9}}));
  for (const char* name : {"keys/crypt4gh.sec", "keys/crypt4gh.share"}) {
    test::write_file(dir_ / name, "damaged");
    Vault keys = vault();
    const auto found = std::string(name).ends_with("sec") ? keys.public_key().error()
                                                          : keys.share({}, PublicKey{{9}}).error();
    EXPECT_EQ(found.code, Code::corrupt) << name;
    EXPECT_EQ(test::read_file(dir_ / name), "damaged");
  }
}

TEST_F(VaultTest, TheSameReaderGetsTheSameBytesAgain) {
  const Crypt4ghKey bob = Crypt4ghKey::make();
  const Bytes plain = noise(200'000);
  Vault first = vault();
  const Bytes file = file_for(first, plain, public_of(bob));
  EXPECT_EQ(test::open_crypt4gh(file, bob.secret), plain);
  Vault again = vault();
  EXPECT_EQ(file_for(again, plain, public_of(bob)), file) << "after a restart too";
}

TEST_F(VaultTest, ReadersShareSegmentsButNoHeader) {
  const Crypt4ghKey alice = Crypt4ghKey::make(), bob = Crypt4ghKey::make();
  const Bytes plain = noise(200'000);
  Vault keys = vault();
  const Bytes for_alice = file_for(keys, plain, public_of(alice)),
              for_bob = file_for(keys, plain, public_of(bob));
  EXPECT_EQ(for_alice.substr(124), for_bob.substr(124));
  EXPECT_NE(for_alice.substr(24, 32), for_bob.substr(24, 32)) << "writers";
  EXPECT_NE(for_alice.substr(56, 12), for_bob.substr(56, 12)) << "nonces";
  EXPECT_EQ(test::open_crypt4gh(for_alice, alice.secret), plain);
  EXPECT_THROW(test::open_crypt4gh(for_alice, bob.secret), std::runtime_error);
}

TEST_F(VaultTest, OtherContentMeansOtherKeysAndOtherArchivesToo) {
  const Crypt4ghKey bob = Crypt4ghKey::make();
  Vault keys = vault(), other(posix_fs(), dir_ / "other");
  const Digest one = archive::Sha256::of("one"), two = archive::Sha256::of("two");
  std::set<Bytes> seen;
  const auto fresh = [&](const Share& share) {
    EXPECT_TRUE(seen.emplace(share.keys.data_key.view()).second);
    EXPECT_TRUE(seen.emplace(share.keys.nonce_secret.view()).second);
    EXPECT_TRUE(seen.insert(share.header.substr(24, 44)).second);  // writer and nonce
  };
  fresh(must(keys.share(one, public_of(bob))));
  fresh(must(keys.share(two, public_of(bob))));
  fresh(must(other.share(one, public_of(bob))));
  fresh(must(Vault::share_once(public_of(bob))));
  fresh(must(Vault::share_once(public_of(bob))));
}

class RecipientsTest : public StoreTest {
 protected:
  RecipientsTest() {
    Crypt4ghLimits limits;
    limits.recipients_max = 3;
    crypt4gh_ = std::make_unique<Crypt4gh>(
        *index_, *guard_, std::make_unique<Vault>(posix_fs(), dir_ / "keys", limits));
  }
  static security::Principal as(security::Role role) { return {"p", {role}, "genomics", ""}; }
  std::unique_ptr<Crypt4gh> crypt4gh_;
  const Crypt4ghKey alice_ = Crypt4ghKey::make(), bob_ = Crypt4ghKey::make();
};

TEST_F(RecipientsTest, AreDurableAndNeverChangeTheirKey) {
  EXPECT_TRUE(must(crypt4gh_->put(someone(), "lab.one", public_of(alice_))));
  EXPECT_FALSE(must(crypt4gh_->put(someone(), "lab.one", public_of(alice_))));
  EXPECT_EQ(crypt4gh_->put(someone(), "lab.one", public_of(bob_)).error().code,
            Code::already_exists);
  crypt4gh_.reset();
  open();
  Crypt4gh again(*index_, *guard_, std::make_unique<Vault>(posix_fs(), dir_ / "keys"));
  EXPECT_EQ(must(again.recipient(someone(), "lab.one")).key, public_of(alice_));
  must(again.remove(someone(), "lab.one"));
  EXPECT_EQ(again.recipient(someone(), "lab.one").error().code, Code::not_found);
  EXPECT_EQ(again.remove(someone(), "lab.one").error().code, Code::not_found);
  EXPECT_TRUE(must(again.put(someone(), "lab.one", public_of(bob_))));
}

TEST_F(RecipientsTest, AreChangedByAdministratorsAndSeenByThoseWhoSeeGenomes) {
  const auto administrator = as(security::Role::administrator);
  const auto reader = as(security::Role::bioinformatician), other = as(security::Role::clinician);
  EXPECT_EQ(crypt4gh_->put(reader, "a", public_of(bob_)).error().code, Code::permission_denied);
  must(crypt4gh_->put(administrator, "a", public_of(bob_)));
  EXPECT_EQ(must(crypt4gh_->recipients(reader)).size(), 1u);
  EXPECT_EQ(crypt4gh_->recipients(other).error().code, Code::permission_denied);
  EXPECT_EQ(crypt4gh_->remove(reader, "a").error().code, Code::permission_denied);
  EXPECT_EQ(crypt4gh_->add_key(reader, std::nullopt).error().code, Code::permission_denied);
  const PublicKey first = must(crypt4gh_->public_key());
  EXPECT_NE(must(crypt4gh_->add_key(administrator, std::nullopt)), first);
}

TEST_F(RecipientsTest, NamesKeysAndNumbersHaveLimits) {
  for (const std::string& name : {std::string(), std::string(65, 'a'), std::string("a b"),
                                  std::string("a/b"), std::string("\xc3\xa4")}) {
    EXPECT_EQ(crypt4gh_->put(someone(), name, public_of(bob_)).error().code, Code::invalid_argument)
        << name;
  }
  EXPECT_EQ(crypt4gh_->put(someone(), "zero", PublicKey()).error().code, Code::invalid_argument);
  for (const char* name : {"a", "b", "c"}) must(crypt4gh_->put(someone(), name, public_of(bob_)));
  EXPECT_EQ(crypt4gh_->put(someone(), "d", public_of(bob_)).error().code, Code::conflict);
}

}  // namespace
}  // namespace medarc::genomics::crypt4gh
