// Structured reports as pages: the content is there, and nothing of it is markup.
#include "dicom/render/report.h"

#include "tests/dicom/render/picture.h"

namespace medarc::dicom {
namespace {

using test::PictureMaker;

PictureMaker code(const std::string& value, const std::string& meaning) {
  return PictureMaker::item().text(0x00080100, "SH", value).text(0x00080104, "LO", meaning);
}
PictureMaker content(const std::string& type, const std::string& name) {
  return PictureMaker::item()
      .text(0x0040A010, "CS", "CONTAINS")
      .text(0x0040A040, "CS", type)
      .sequence(0x0040A043, {code("1", name)});
}
PictureMaker report(const std::vector<PictureMaker>& children) {
  return PictureMaker::item()
      .text(0x00080005, "CS", "ISO_IR 192")
      .text(0x00080018, "UI", "2.25.3")
      .text(0x00100010, "PN", "Muster^Erika")
      .text(0x0040A040, "CS", "CONTAINER")
      .sequence(0x0040A043, {code("18748-4", "Chest report")})
      .sequence(0x0040A730, children);
}
std::string page(const PictureMaker& maker, uint64_t bytes_max = 1 << 20) {
  const Bytes dataset = maker.dataset();
  const auto scanner = scanned(dataset);
  auto html = report_html(*scanner, bytes_max);
  return html.has_value() ? *html : "error: " + html.error().text;
}
bool holds(const std::string& html, std::string_view text) {
  return html.find(text) != std::string::npos;
}

TEST(RenderReport, W5_EachTypeOfContentIsShown) {
  PictureMaker measured = content("NUM", "Diameter");
  measured.sequence(0x0040A300, {PictureMaker::item()
                                     .text(0x0040A30A, "DS", "12.5")
                                     .sequence(0x004008EA, {code("mm", "millimetre")})});
  PictureMaker image = content("IMAGE", "Source");
  image.sequence(
      0x00081199,
      {PictureMaker::item().text(0x00081155, "UI", "2.25.99").text(0x00081160, "IS", "3")});
  const std::string html = page(report({
      content("TEXT", "Finding").text(0x0040A160, "UT", "Nodule in the left lobe, größer"),
      content("CODE", "Severity").sequence(0x0040A168, {code("S1", "moderate")}),
      measured,
      content("DATETIME", "Seen").text(0x0040A120, "DT", "20260115103000"),
      content("PNAME", "Observer").text(0x0040A123, "PN", "Beispiel^Anton"),
      content("UIDREF", "Study").text(0x0040A124, "UI", "2.25.42"),
      image,
  }));
  for (const char* text :
       {"<h1>Chest report</h1>", "Muster Erika", "<b>Finding:</b>", "left lobe, größer", "moderate",
        "12.5 mm", "2026-01-15 10:30:00", "Beispiel Anton", "2.25.42", "Image 2.25.99, frame 3"}) {
    EXPECT_TRUE(holds(html, text)) << text << "\n" << html;
  }
}

TEST(RenderReport, W5_ContainersNestAndLastChildrenStayInTheirs) {
  const auto section =
      content("CONTAINER", "Outer")
          .sequence(0x0040A730,
                    {content("CONTAINER", "Inner")
                         .sequence(0x0040A730,
                                   {content("TEXT", "Deep").text(0x0040A160, "UT", "down here")}),
                     content("TEXT", "Beside").text(0x0040A160, "UT", "up here")});
  const std::string html = page(report({section, content("TEXT", "Last")}));
  const size_t outer = html.find("Outer"), inner = html.find("Inner"),
               deep = html.find("down here"), beside = html.find("up here"),
               last = html.find("Last");
  EXPECT_TRUE(outer < inner && inner < deep && deep < beside && beside < last &&
              last != std::string::npos)
      << html;
  size_t opened = 0, closed = 0;
  for (size_t at = 0; (at = html.find("<ul>", at)) != std::string::npos; ++at) ++opened;
  for (size_t at = 0; (at = html.find("</ul>", at)) != std::string::npos; ++at) ++closed;
  EXPECT_EQ(opened, 3u);
  EXPECT_EQ(closed, 3u);
}

TEST(RenderReport, X17_NothingIsMarkup) {
  const std::string evil = "<script>alert('x')</script>\"><img src=x onerror=y>&";
  PictureMaker maker = report({content("TEXT", evil).text(0x0040A160, "UT", evil),
                               content("CODE", "c").sequence(0x0040A168, {code("x", evil)}),
                               content("NUM", "n"), content("IMAGE", evil)});
  maker.text(0x00100010, "PN", evil).text(0x00100020, "LO", evil);
  maker.sequence(0x0040A043, {code("1", evil)});
  const std::string html = page(maker);
  for (const char* text : {"<script", "<img", "onerror=y>", "'x'"}) {
    EXPECT_FALSE(holds(html, text)) << text;
  }
  EXPECT_TRUE(holds(html, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
}

TEST(RenderReport, LongPagesAreRefused) {
  const std::vector<PictureMaker> many(
      200, content("TEXT", "Line").text(0x0040A160, "UT", std::string(100, 'x')));
  EXPECT_TRUE(holds(page(report(many)), "Line"));
  EXPECT_TRUE(holds(page(report(many), 10'000), "error: the rendered report"));
  EXPECT_TRUE(
      holds(page(PictureMaker::item().text(0x00080018, "UI", "2.25.3")), "Structured report"));
}

}  // namespace
}  // namespace medarc::dicom
