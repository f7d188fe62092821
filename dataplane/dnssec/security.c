// SPDX-License-Identifier: BSD-3-Clause
#include "dnssec/security.h"
#include <stdarg.h>
#include <stdio.h>

const char *hf_security_to_text(enum hf_security security)
{
	static const char *const texts[] = {
		[HF_SECURITY_UNCHECKED] = "unchecked",
		[HF_SECURITY_BOGUS] = "bogus",
		[HF_SECURITY_INSECURE] = "insecure",
		[HF_SECURITY_SECURE] = "secure",
	};

	return texts[security];
}

void hf_cause_set(struct hf_cause *cause, uint16_t ede, const char *format, ...)
{
	va_list arguments;

	if (!cause)
		return;
	cause->ede = ede;
	va_start(arguments, format);
	vsnprintf(cause->text, sizeof(cause->text), format, arguments);
	va_end(arguments);
}
