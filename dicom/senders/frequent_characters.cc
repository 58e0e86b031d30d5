#include "dicom/senders/frequent_characters.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

namespace medarc::dicom::senders {
namespace {

constexpr std::string_view kChinese =
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁"
    "任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴"
    "莫"
    "孔向汤伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂红华玉萍文国建新春海燕志小晓东云飞鹏辉波"
    "斌"
    "宇浩凯健俊帆雪荣爱香月莉桃花彬生梅雅婷欣怡佳嘉琪子涵梓轩天亮光德福成的一是在不了有和人这中大为"
    "上"
    "个以要他时来用们到作地出就分对会可主发年动同工也能下过说产种面而后多定行学法所民得经十三之进着"
    "等"
    "部度家电力里如水化自二理起物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外政四"
    "日"
    "那社义事形相全表间样与关各重线内数正心反你看原么利比或但质气第道命此变条只没结解问意公无系很情"
    "者"
    "最立代想已通并提直题展五果料象员位入常总次品式活设及管特件长求老头基资边流路级少图山统接知较将"
    "组"
    "见计别她手角期根论运指几九区放决西被干做必先回则取据处队南给色门即保治北造百规热领七口导器压增"
    "术"
    "极交受联认六共收证改清己美再采转更单风切打教速带安场身车例真务具每目至达走积示声报完类八离名确"
    "才"
    "科信节话米整空元况今集温传土步群广记需研界观影算低持音众书布复容儿须际非验连断深难近千委素技备"
    "半"
    "办青省列习响约支般感便团往酸历市除消构府称太准精值号率维划选标写存候亲快效院查型眼按格养易置层"
    "片"
    "始却专状育京识适属圆包火住调满县局照参细引听该医射像检扫胸腹颅颈椎腰骨盆肺肝胆胰脾肾膀胱脑血脏"
    "冠"
    "脉肢膝踝肩腕折描磁振诊急患男女病症室";

constexpr std::string_view kJapanese =
    "佐藤鈴木高橋田中渡辺伊山本村小林加吉斎松井上清水森池阿部石川前野後長谷近坂遠青西福三岡金原和竹"
    "内"
    "宮崎今河大島丸工新酒柴横安太郎一二子美恵幸男夫雄正博明隆健司哲也誠直樹真由香花優愛彦浩次勇進勝"
    "久"
    "義昭弘春夏秋冬光智信頭胸腹骨盤撮影検査病院科日東京都市北南洋平平成恒治英輔裕介翔奈菜千代月星空"
    "海"
    "心身画像診断放射線造影単純腰椎頸脳肺肝腎外来入院患者";

constexpr std::string_view kKorean =
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천"
    "방"
    "공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모수영호준은경희미숙자순동철상태훈재용"
    "규병"
    "환종섭찬혁웅빈솔아린율다혜애란화춘복례중검사의학과가슴흉부두뇌척방촬증환대단일월년시군국립"
    "초음파유갑다는에을를은고로대한어보스게만들해그있것와니여면내무러저비생치결말적안물간바데발체관"
    "오"
    "실회용세행입때더당식계개건거설골절관절무릎어깨허리";

constexpr std::string_view kCyrillic = "оеаинтсрвлкмдпуя";
constexpr std::string_view kCyrillicVowels = "аеёиоуыэюяіїє";
constexpr std::string_view kGreek = "αοιετσνηυρπλκςμόάίήέδγ";
constexpr std::string_view kGreekVowels = "αεηιουωάέήίόύώ";
constexpr std::string_view kHebrew = "יוהלארמתבשנםד";
constexpr std::string_view kArabic = "اليمنرتوبةهدعسحفأ";
// Of Western, Central and South-Eastern Europe.
constexpr std::string_view kLatin = "äöüßéèêëàâçñåøæïîôûíóúáãõčřšžýěůťďňąęłśźżćńőűğışăâîșțđœ";

using Set = std::vector<char32_t>;

Set set_of(std::string_view utf8) {
  Set out;
  const auto* s = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto length = static_cast<int32_t>(utf8.size());
  for (int32_t i = 0; i < length;) {
    UChar32 c;
    U8_NEXT(s, i, length, c);
    out.push_back(static_cast<char32_t>(c));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool has(const Set& set, char32_t code) { return std::binary_search(set.begin(), set.end(), code); }

}  // namespace

bool is_frequent(Script script, char32_t code) {
  static const Set chinese = set_of(kChinese), japanese = set_of(kJapanese),
                   korean = set_of(kKorean), cyrillic = set_of(kCyrillic), greek = set_of(kGreek),
                   hebrew = set_of(kHebrew), arabic = set_of(kArabic), latin = set_of(kLatin);
  switch (script) {
    case Script::chinese: return has(chinese, code);
    case Script::japanese: return has(japanese, code);
    case Script::korean: return has(korean, code);
    case Script::cyrillic: return has(cyrillic, code);
    case Script::greek: return has(greek, code);
    case Script::hebrew: return has(hebrew, code);
    case Script::arabic: return has(arabic, code);
    case Script::latin: return has(latin, code);
    case Script::any: break;
  }
  return has(chinese, code) || has(japanese, code) || has(korean, code);
}

bool is_vowel(Script script, char32_t code) {
  static const Set cyrillic = set_of(kCyrillicVowels), greek = set_of(kGreekVowels);
  return script == Script::cyrillic ? has(cyrillic, code) : has(greek, code);
}

}  // namespace medarc::dicom::senders
