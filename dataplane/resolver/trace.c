// SPDX-License-Identifier: BSD-3-Clause
/* The resolver's story, a line per decision, for whoever listens. */
#include <stdarg.h>
#include <stdio.h>
#include "resolver/state.h"

void hf_trace_write(struct hf_resolver *resolver, const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	resolver->trace(resolver->trace_state, resolver->now, text);
}

void hf_notice(struct hf_resolver *resolver, const char *event, const char *format, ...)
{
	char fields[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fields, sizeof(fields), format, arguments);
	va_end(arguments);
	hf_trace(resolver, "%s: %s", event, fields);
	if (resolver->notice)
		resolver->notice(resolver->notice_state, event, fields);
}

const char *hf_trace_question(const uint8_t *name, uint16_t type, char out[HF_TRACE_QUESTION_MAX])
{
	char name_text[HF_NAME_TEXT_MAX], type_text[HF_TYPE_TEXT_MAX];

	snprintf(out, HF_TRACE_QUESTION_MAX, "%s %s", hf_name_to_text(name, name_text),
		 hf_type_to_text(type, type_text));
	return out;
}
