// The two forms in which DICOM elements are answered beside Part 10: JSON (PS3.18 annex F) and the
// Native DICOM Model in XML (PS3.19 annex A.1), and which of them a client takes (PS3.18 table
// 8.7.3-3).
#pragma once

#include <memory>
#include <optional>

#include "dicom/dataset.h"
#include "web/http.h"

namespace medarc::web {

inline constexpr std::string_view kDicomXml = "application/dicom+xml";

enum class ModelForm { json, xml };

// The first that is taken, JSON when nothing was said or anything will do; not_acceptable: neither.
Result<ModelForm> model_form(const Request& request);

// Of a body, by its Content-Type, JSON when there is no body; nullopt: neither.
std::optional<ModelForm> model_body_form(const Request& request);
// One data set: invalid_argument, too_large and unsupported as dicom/dataset.h says.
Result<dicom::DataSet> read_model_body(ModelForm form, ByteView body,
                                       const dicom::DataSetLimits& limits);

// One data set in that form: `json` is its object, with "vr" first in each element.
Response model_answer(int status, ModelForm form, std::string json);

// multipart/related with one application/dicom+xml part an instance, made as the client takes them.
// `json`: an array of DICOM JSON objects. What goes wrong before the first part is the answer's
// status. 204 for an empty array: a multipart body has at least one part.
Response xml_parts(std::unique_ptr<ByteSource> json);

}  // namespace medarc::web
