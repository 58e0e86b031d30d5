// The charset doctor: text that is in another set than is declared is recognised; what is declared
// rightly, or may well be, is left alone.
#include "dicom/senders/doctor.h"

#include "dicom/charset.h"
#include "dicom/senders/readings.h"
#include "tests/dicom/senders/encoded.h"

namespace medarc::dicom::senders {
namespace {

using medarc::test::encoded;
using Terms = std::vector<std::string>;

struct Sample {
  const char* encoding;   // as the doctor names it
  const char* converter;  // of ICU
  std::vector<std::string> texts;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = {
      {"GB18030", "GBK", {"王^小东", "胸部CT平扫", "第一人民医院放射科"}},
      {"GB18030", "GBK", {"李^娜", "颅脑MR增强扫描"}},
      {"GB18030", "GB18030", {"张^伟", "腰椎正侧位"}},
      {"Shift_JIS", "Shift_JIS", {"山田^太郎", "胸部単純撮影"}},
      {"Shift_JIS", "Shift_JIS", {"Tanaka^Hanako=田中^花子=たなか^はなこ"}},
      {"EUC-KR", "EUC-KR", {"김^희중", "흉부 방사선 촬영"}},
      {"EUC-KR", "EUC-KR", {"홍^길동", "복부 초음파 검사"}},
      {"windows-1251", "windows-1251", {"Иванов^Иван", "Рентгенография грудной клетки"}},
      {"windows-1251", "windows-1251", {"Смирнова^Наталья", "МРТ головного мозга"}},
      {"windows-1253", "windows-1253", {"Παπαδόπουλος^Γιώργος", "Ακτινογραφία θώρακος"}},
      {"ISO_IR 192", "UTF-8", {"Müller^Jürgen", "Schädel"}},
      {"ISO_IR 192", "UTF-8", {"王^小东", "胸部平扫"}},
      {"ISO_IR 192", "UTF-8", {"Иванов^Иван"}},
  };
  return all;
}

Diagnosis of(const Terms& declared, const char* converter, const std::vector<std::string>& texts) {
  std::vector<Bytes> bytes;
  for (const std::string& text : texts) bytes.push_back(encoded(converter, text));
  return diagnose(declared, {bytes.begin(), bytes.end()});
}

class Misdeclared : public testing::TestWithParam<const char*> {};

TEST_P(Misdeclared, IsRecognisedWithConfidence) {
  const std::string declared = GetParam();
  for (const Sample& sample : samples()) {
    const Diagnosis d =
        of(declared.empty() ? Terms() : Terms{declared}, sample.converter, sample.texts);
    EXPECT_TRUE(d.doubted) << declared << " " << sample.texts[0] << " said " << d.encoding << " "
                           << d.confidence;
    if (!d.doubted) continue;
    EXPECT_EQ(d.encoding, sample.encoding) << declared << " " << sample.texts[0];
    EXPECT_GE(d.confidence, 60) << declared << " " << sample.texts[0];
    EXPECT_LE(d.confidence, 99);
    EXPECT_EQ(d.declared, declared);
  }
}

// Nothing declared, the default repertoire, Western, Japanese single byte.
INSTANTIATE_TEST_SUITE_P(Doctor, Misdeclared,
                         testing::Values("", "ISO_IR 6", "ISO_IR 100", "ISO_IR 13"));

TEST(Doctor, TextThatIsNoUtf8IsRecognisedWhereUtf8IsDeclared) {
  for (const Sample& sample : samples()) {
    const Diagnosis d = of({"ISO_IR 192"}, sample.converter, sample.texts);
    const bool utf8 = std::string(sample.converter) == "UTF-8";
    EXPECT_EQ(d.doubted, !utf8) << sample.texts[0];
    EXPECT_EQ(d.fits, utf8) << sample.texts[0];
    EXPECT_EQ(d.encoding, utf8 ? "" : sample.encoding) << sample.texts[0];
  }
}

TEST(Doctor, Utf8IsRecognisedWhereChineseSetsAreDeclared) {
  for (const Terms& declared :
       {Terms{"GB18030"}, Terms{"GBK"}, Terms{"", "ISO 2022 IR 58"}, Terms{"", "ISO 2022 IR 87"}}) {
    const Diagnosis d = of(declared, "UTF-8", {"赵^六", "胸部平扫"});
    EXPECT_TRUE(d.doubted) << declared.back();
    EXPECT_EQ(d.encoding, "ISO_IR 192") << declared.back();
  }
}

TEST(Doctor, WesternTextWithoutADeclarationIsLatin1) {
  const Diagnosis d = of({}, "ISO-8859-1", {"Müller^Jürgen"});
  EXPECT_TRUE(d.doubted);
  EXPECT_EQ(d.encoding, "ISO_IR 100");
  // With what only the Windows set has.
  const Diagnosis w = of({"ISO_IR 100"}, "windows-1252", {"Œuvre^François – été"});
  EXPECT_FALSE(w.fits);
  EXPECT_EQ(w.encoding, "windows-1252");
  const Diagnosis c = of({"ISO_IR 100"}, "windows-1250", {"Šťastný^Tomáš", "Žáček^Luboš"});
  EXPECT_FALSE(c.fits);
  EXPECT_EQ(c.encoding, "windows-1250");
}

TEST(Doctor, WhatIsDeclaredRightlyIsNotDoubted) {
  const Sample right[] = {
      {"ISO_IR 100", "ISO-8859-1", {"Müller"}},
      {"ISO_IR 100", "ISO-8859-1", {"Ångström"}},
      {"ISO_IR 100", "ISO-8859-1", {"ÀÉÎ"}},
      {"ISO_IR 100", "ISO-8859-1", {"ÀÉÎÔ"}},
      {"ISO_IR 100", "ISO-8859-1", {"Ö"}},
      {"ISO_IR 100", "ISO-8859-1", {"É^À"}},
      {"ISO_IR 100", "ISO-8859-1", {"ÄÖÜ"}},
      {"ISO_IR 100", "ISO-8859-1", {"Bjørn^Åse", "Þór^Ægir"}},
      {"ISO_IR 100", "ISO-8859-1", {"Núñez^José", "Añón", "Peñüela"}},
      {"ISO_IR 100", "ISO-8859-1", {"50 °C ± 2, 3×4 mm², 10 µm, ½"}},
      {"ISO_IR 100", "ISO-8859-1", {"«Élan»", "¿Qué?", "©®·¡"}},
      {"ISO_IR 100", "ISO-8859-1", {"Crème brûlée", "Noël", "Aÿ"}},
      {"ISO_IR 100", "ISO-8859-1", {"STRAßE", "GROßMÜLLER"}},
      {"ISO_IR 101", "ISO-8859-2", {"Dvořák^Antonín", "Škrhák", "Šťáva", "Čáp"}},
      {"ISO_IR 148", "ISO-8859-9", {"Şahin^Güneş", "Çağ", "İĞÜ"}},
      {"ISO_IR 144", "ISO-8859-5", {"Иванов^Иван", "Ю"}},
      {"ISO_IR 126", "ISO-8859-7", {"Διονυσιος", "Ω"}},
      {"ISO_IR 127", "ISO-8859-6", {"قباني^لنزار"}},
      {"ISO_IR 138", "ISO-8859-8", {"שרון^דבורה"}},
      {"ISO_IR 166", "TIS-620", {"สมชาย^ใจดี", "ผู้ป่วย"}},
      {"GB18030", "GB18030", {"王^小东", "𠮷", "李"}},
      {"GBK", "GBK", {"李^雷", "龘"}},
      {"ISO_IR 192", "UTF-8", {"王^小东", "Müller", "😀"}},
  };
  for (const Sample& sample : right) {
    const Diagnosis d = of({sample.encoding}, sample.converter, sample.texts);
    EXPECT_FALSE(d.doubted) << sample.texts[0] << " said " << d.encoding << " " << d.confidence;
    EXPECT_TRUE(d.fits) << sample.texts[0];
    // And each text alone.
    for (const std::string& text : sample.texts) {
      const Diagnosis alone = of({sample.encoding}, sample.converter, {text});
      EXPECT_FALSE(alone.doubted) << text << " said " << alone.encoding << " " << alone.confidence;
    }
  }
}

TEST(Doctor, CodeExtensionsThatReadAreNotDoubted) {
  const Bytes name =
      "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B";
  EXPECT_FALSE(diagnose({"", "ISO 2022 IR 87"}, {name}).doubted);
  const Bytes korean = "\x1B$)C\xB1\xE8^\x1B$)C\xC8\xF1\xC1\xDF";
  EXPECT_FALSE(diagnose({"", "ISO 2022 IR 149"}, {korean}).doubted);
  // The same without the escapes, as many Korean devices write it.
  EXPECT_EQ(of({"", "ISO 2022 IR 149"}, "EUC-KR", {"김^희중", "흉부 촬영"}).encoding, "EUC-KR");
}

TEST(Doctor, LittleTextIsNoProof) {
  // Two bytes may be anything: the text does not fit, and more is not said.
  const Diagnosis d = diagnose({}, {"\xC0\xD7"});
  EXPECT_FALSE(d.fits);
  EXPECT_FALSE(d.doubted);
  EXPECT_EQ(d.encoding, "");
  // Nor is what no encoding explains.
  const Diagnosis none = diagnose({"ISO_IR 192"}, {"a\xFF\xFF\x81"});
  EXPECT_FALSE(none.fits);
  EXPECT_FALSE(none.doubted);
}

TEST(Doctor, MoreTextMakesItSurer) {
  const Diagnosis little = of({"ISO_IR 100"}, "GBK", {"王^小东"});
  const Diagnosis more = of({"ISO_IR 100"}, "GBK", {"王^小东", "胸部平扫", "人民医院"});
  EXPECT_TRUE(more.doubted);
  EXPECT_GT(more.confidence, little.confidence);
  // Over the limit nothing more is looked at.
  DoctorLimits limits;
  limits.text_bytes_max = 8;
  const Bytes name = encoded("GBK", "王^小东"), other = encoded("GBK", "胸部平扫");
  EXPECT_EQ(diagnose({"ISO_IR 100"}, {name, other}, limits).confidence, little.confidence);
}

TEST(Doctor, SaysOnWhatGroundsAndRepeatsNoUnknownTerm) {
  Diagnosis d = of({"ISO_IR 100"}, "GBK", {"王^小东", "胸部平扫"});
  EXPECT_EQ(summary(d), "GB18030, declared as ISO_IR 100");
  EXPECT_NE(grounds(d).find("confidence " + std::to_string(d.confidence)), std::string::npos);
  EXPECT_EQ(summary(of({}, "GBK", {"王^小东", "胸部平扫"})), "GB18030, without a character set");
  EXPECT_EQ(summary(of({"Muster^Erika"}, "GBK", {"王^小东", "胸部平扫"})),
            "GB18030, declared as an unknown set");
}

TEST(Readings, EveryEncodingReadsStrictlyAndKeepsAscii) {
  for (const TextEncoding& e : suspected_encodings()) {
    EXPECT_EQ(read_strictly(e, "Doe^J=\\~ 1").value_or("?"), "Doe^J=\\~ 1") << e.name;
    EXPECT_EQ(find_encoding(e.name), &e);
  }
  EXPECT_FALSE(read_strictly(*find_encoding("GB18030"), "\xB0"));
  EXPECT_FALSE(read_strictly(*find_encoding("ISO_IR 100"), "\x85"));
  EXPECT_FALSE(read_strictly(*find_encoding("ISO_IR 192"), "\xC0\xAF"));
  EXPECT_EQ(find_encoding("latin1"), nullptr);
}

}  // namespace
}  // namespace medarc::dicom::senders
