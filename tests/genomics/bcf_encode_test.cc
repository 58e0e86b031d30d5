// VCF given as BCF and BCF as VCF: what bcftools prints of both must be the same.
#include "genomics/bcf_encode.h"

#include "genomics/bcf_text.h"
#include "genomics/bcf_values.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

using Form = RecordForm::Kind;

const std::string kHeader =
    "##fileformat=VCFv4.3\n"
    "##FILTER=<ID=q10,Description=\"low\">\n"
    "##FILTER=<ID=s50,Description=\"few\">\n"
    "##INFO=<ID=DB,Number=0,Type=Flag,Description=\"a, \\\"b\\\",IDX=7\">\n"
    "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n"
    "##INFO=<ID=NN,Number=.,Type=Integer,Description=\"n\">\n"
    "##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n"
    "##INFO=<ID=TX,Number=.,Type=String,Description=\"t\">\n"
    "##INFO=<ID=CH,Number=1,Type=Character,Description=\"c\">\n"
    "##INFO=<ID=END,Number=1,Type=Integer,Description=\"e\">\n"
    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
    "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n"
    "##FORMAT=<ID=GL,Number=G,Type=Float,Description=\"l\">\n"
    "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"a\">\n"
    "##FORMAT=<ID=FT,Number=1,Type=String,Description=\"s\">\n"
    "##contig=<ID=c1,length=100000>\n"
    "##contig=<ID=c2>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tC\n";

std::string many(const std::string& one, int count) {
  std::string out = one;
  for (int i = 1; i < count; ++i) out += "," + one;
  return out;
}

// Each with what hurts: widths of numbers, vectors of other lengths, what is missing.
const std::vector<std::string> kLines = {
    "c1\t0\t.\tA\tC\t.\t.\t.\tGT\t0/1\t.\t1|0\n",
    "c1\t1\trs1;rs2\tA\tC,G\t30\tPASS\tDB;DP=127;AF=0.5,0.25\tGT:DP:GL\t0|1:7:-1,-2.5,.\t./.:.:.\t"
    "2:300:1e-30\n",
    "c1\t2\t.\tACGT\t.\t29.6\tq10;s50\tDP=128;NN=-120,-121,.\tGT:AD\t0/1/2:1,2\t1\t.|.:.,5\n",
    "c1\t2\t.\tACGT\tA\t.\tPASS\t.\tFT:AD\tPASS:1,2\tq10;s50\t.:7\n",
    "c1\t3\t.\tA\t<DEL>\t0.001\tq10\tEND=5000;DP=32767\tDP\t-32760\t32768\t.\n",
    "c1\t4\t.\tA\t*\t1e6\t.\tNN=" + many("2147483647", 20) + ";TX=a b\tAD\t" + many("70000", 16) +
        "\t1\t.\n",
    "c1\t5\tlong_" + std::string(300, 'x') + "\t" + std::string(200, 'A') + "\tC\t.\tPASS\tTX=" +
        std::string(140, 't') + ",u;CH=z\tFT\t" + std::string(20, 'f') + "\t.\tg\n",
    "c1\t6\t.\tA\t]c2:5]C,G[c2:9[\t.\tPASS\tDP=.;TX=.;DB\tGT:DP:AD\t0/1:1\t0/0\t1/1:2:3,4,5\n",
    "c2\t7\t.\tN\tA\t.\tPASS\tNN=.\t.\t.\t.\t.\n",
    "c2\t100\t.\ta\tg\t3\tPASS\tAF=1e-10,3.4028235e38\tGT:GL\t.:.\t10/11:0.333333343\t0:-7\n",
};

class BcfEncodeTest : public StoreTest {
 protected:
  std::string view(const std::string& path, const std::string& what = "-H") {
    return test::run_tool({"bcftools", "view", "--no-version", what, path});
  }
  // The whole file in the other form.
  Bytes recoded(const FileRow& row, Form form) {
    const auto set = must(store_->read_set(someone(), row));
    Selection selection;
    selection.form = form;
    auto made = must(make_slice(set, selection, store_->limits()));
    auto reader = must(store_->open_admitted(row.blob));
    return drain(*must(open_slice(std::move(made), std::move(reader), store_->limits())).source);
  }
  void expect_same(const std::string& text) {
    test::write_file(dir_ / "x.vcf.gz", test::bgzip(text));
    const std::string bcf = test::to_bcf(text, dir_.path());
    test::write_file(dir_ / "theirs.bcf", bcf);
    const FileRow stored_vcf = must(upload(test::read_file(dir_ / "x.vcf.gz"))).file;
    const FileRow stored_bcf = must(upload(bcf)).file;
    test::write_file(dir_ / "ours.bcf", recoded(stored_vcf, Form::bcf));
    test::write_file(dir_ / "ours.vcf.gz", recoded(stored_bcf, Form::vcf));
    for (const char* what : {"-H", "-h"}) {
      const std::string expected = view(dir_ / "theirs.bcf", what);
      EXPECT_EQ(view(dir_ / "ours.bcf", what), expected);
      EXPECT_EQ(view(dir_ / "ours.vcf.gz", what), expected);
    }
    // The records themselves, not only what is printed of them. (HTSlib pads texts of a FORMAT
    // field that is not the first by one NUL more; there is none here.)
    const auto body = [](const std::string& blocks) {
      const std::string plain = test::gunzip(blocks);
      const auto* u = reinterpret_cast<const uint8_t*>(plain.data());
      return plain.substr(
          9 + (u[5] | uint32_t{u[6]} << 8 | uint32_t{u[7]} << 16 | uint32_t{u[8]} << 24));
    };
    EXPECT_EQ(body(test::read_file(dir_ / "ours.bcf")), body(bcf)) << "byte for byte as HTSlib";
  }
};

TEST_F(BcfEncodeTest, H08EveryKindOfValueComesBack) {
  std::string text = kHeader;
  for (const std::string& line : kLines) text += line;
  expect_same(text);
}

TEST_F(BcfEncodeTest, H08ManyRecordsAndFewSamplesComeBack) {
  expect_same(test::make_vcf({.seed = 5, .records = 2'000, .info_bytes = 20}));
  expect_same(test::make_vcf({.seed = 6, .records = 300, .samples = {}}));
}

TEST_F(BcfEncodeTest, H08ContigsThatOnlyRecordsNameAreDeclared) {
  const std::string text = test::make_vcf({.seed = 7, .records = 200, .declare_contigs = false});
  const FileRow row = must(upload(test::bgzip(text))).file;
  test::write_file(dir_ / "x.vcf.gz", test::bgzip(text));
  test::write_file(dir_ / "ours.bcf", recoded(row, Form::bcf));
  EXPECT_EQ(view(dir_ / "ours.bcf"), view(dir_ / "x.vcf.gz"));
}

TEST_F(BcfEncodeTest, H08WhatCannotBeWrittenIsAnError) {
  for (const char* line :
       {"c1\t5\t.\tA\tC\t.\tnone\t.\tGT\t0\t0\t0\n", "c1\t5\t.\tA\tC\t.\tPASS\tNO=1\tGT\t0\t0\t0\n",
        "c1\t5\t.\tA\tC\t.\tPASS\t.\tNO\t0\t0\t0\n", "c1\t5\t.\tA\tC\t.\tPASS\tGT=1\tGT\t0\t0\t0\n",
        "c1\t5\t.\tA\tC\t.\tPASS\tDP=x\tGT\t0\t0\t0\n", "c1\t5\t.\tA\tC\tq\tPASS\t.\tGT\t0\t0\t0\n",
        "c1\t5\t.\tA\tC\t.\tPASS\t.\tGT\tx/1\t0\t0\n",
        "c1\t5\t.\tA\tC\t.\tPASS\t.\tGL\t1,y\t0\t0\n"}) {
    const VcfHeader header = must(parse_vcf_header(kHeader, {}));
    Bytes out;
    const Status done = BcfEncoder(header).append(line, out);
    EXPECT_TRUE(done.has_error()) << line;
    EXPECT_TRUE(out.empty());
  }
}

TEST(BcfValues, NumbersTakeTheLeastRoom) {
  const auto bytes = [](const std::vector<int32_t>& values) {
    Bytes out;
    put_bcf_integers(values, values.size(), out);
    return out.size();
  };
  EXPECT_EQ(bytes({127}), 2u);
  EXPECT_EQ(bytes({-120, kBcfMissing, kBcfEnd}), 4u);
  EXPECT_EQ(bytes({128}), 3u);
  EXPECT_EQ(bytes({-121}), 3u);
  EXPECT_EQ(bytes({-32760}), 3u);
  EXPECT_EQ(bytes({-32761}), 5u);
  EXPECT_EQ(bytes({32768}), 5u);
  EXPECT_EQ(bytes(std::vector<int32_t>(15, 1)), 1u + 2 + 15);
}

}  // namespace
}  // namespace medarc::genomics
