// SPDX-License-Identifier: BSD-3-Clause
/* Reads a replay scenario; see scenario.h. What stands inside an ENTRY is read by entry.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "entry.h"
#include "expression.h"
#include "lines.h"
#include "scenario.h"

static const struct {
	const char *word;
	enum sim_step_kind kind;
	bool needs_entry;
} step_kinds[] = {
	{"QUERY", SIM_STEP_QUERY, true},
	{"CHECK_ANSWER", SIM_STEP_CHECK_ANSWER, true},
	{"CHECK_OUT_QUERY", SIM_STEP_CHECK_OUT_QUERY, false},
	{"REPLY", SIM_STEP_REPLY, true},
	{"TIME_PASSES", SIM_STEP_TIME_PASSES, false},
	{"TIMEOUT", SIM_STEP_TIMEOUT, false},
	{"NOTHING", SIM_STEP_NOTHING, false},
	{"TRAFFIC", SIM_STEP_TRAFFIC, false},
	{"INFRA_RTT", SIM_STEP_INFRA_RTT, false},
	{"FLUSH_MESSAGE", SIM_STEP_FLUSH_MESSAGE, false},
	{"EXPIRE_MESSAGE", SIM_STEP_EXPIRE_MESSAGE, false},
	{"CHECK_AUTOTRUST", SIM_STEP_CHECK_FILE, false},
	{"CHECK_TEMPFILE", SIM_STEP_CHECK_FILE, false},
	{"ASSIGN", SIM_STEP_ASSIGN, false},
};

const char *sim_step_kind_text(enum sim_step_kind kind)
{
	for (size_t i = 0; i < sizeof(step_kinds) / sizeof(step_kinds[0]); i++)
		if (step_kinds[i].kind == kind)
			return step_kinds[i].word;
	return "?";
}

static bool number_from(const char *word, unsigned *number)
{
	char *end;

	errno = 0;
	unsigned long value = strtoul(word ? word : "", &end, 10);
	if (!word || end == word || *end || errno || value > 1000000000)
		return false;
	*number = (unsigned)value;
	return true;
}

/* ---- the head ---- */

static void strip_quotes(char *value)
{
	size_t length = strlen(value);

	if (length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0]) {
		memmove(value, value + 1, length - 2);
		value[length - 2] = '\0';
	}
}

/* Files that testbound writes before it starts: AUTOTRUST_FILE name … AUTOTRUST_END, TEMPFILE_CONTENTS name … TEMPFILE_END. */
static bool read_file(struct sim_lines *lines, const char *end)
{
	int line = lines->number;

	while (sim_lines_next(lines))
		if (sim_lines_begins(lines, end, NULL))
			return true;
	return sim_lines_fault(lines, "no %s for the file of line %d", end, line);
}

static void add_setting(struct sim_scenario *scenario, const struct sim_setting *setting)
{
	scenario->settings =
		realloc(scenario->settings, (scenario->setting_count + 1) * sizeof(*scenario->settings));
	scenario->settings[scenario->setting_count++] = *setting;
}

static const char *block_of(const char *name, enum sim_dialect dialect)
{
	static const char *const blocks[] = {"server", "stub-zone", "forward-zone", "auth-zone", "remote-control",
					     "python", "view", "rpz", "cachedb", "dnscrypt", "dynlib", "ipset"};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (strcmp(blocks[i], name) == 0)
			return blocks[i];
	return dialect == SIM_TESTBOUND ? "other" : NULL; /* a newer Unbound's */
}

static bool read_head(struct sim_lines *lines, struct sim_scenario *scenario)
{
	const char *block = "", *found;
	unsigned block_number = 0;

	while (sim_lines_next(lines)) {
		char *text = lines->text;

		if (strcmp(text, "CONFIG_END") == 0)
			return true;
		if (sim_lines_begins(lines, "AUTOTRUST_FILE", NULL) || sim_lines_begins(lines, "TEMPFILE_CONTENTS", NULL)) {
			add_setting(scenario, &(struct sim_setting){.line = lines->number, .block = "file",
								    .key = strdup("file"), .value = strdup("")});
			if (!read_file(lines, text[0] == 'A' ? "AUTOTRUST_END" : "TEMPFILE_END"))
				return false;
			continue;
		}
		if (sim_lines_begins(lines, "TEMPFILE_NAME", NULL))
			continue;
		char *colon = strchr(text, ':');
		if (!colon)
			return sim_lines_fault(lines, "expected 'key: value' or CONFIG_END");
		*colon = '\0';
		char *value = colon + 1 + strspn(colon + 1, " \t");
		if (!*value && (found = block_of(text, scenario->dialect))) {
			scenario->dialect = SIM_TESTBOUND;
			block = found;
			block_number++;
			continue;
		}
		strip_quotes(value);
		add_setting(scenario, &(struct sim_setting){.line = lines->number, .block = block,
							    .block_number = block_number, .key = strdup(text),
							    .value = strdup(value)});
	}
	return sim_lines_fault(lines, "no CONFIG_END");
}

/* ---- ranges ---- */

static bool add_address(struct sim_lines *lines, struct sim_range *range, const char *text)
{
	struct hf_address address;

	if (!hf_address_from_text(text, 53, &address))
		return sim_lines_fault(lines, "not an address: '%s'", text);
	range->addresses = realloc(range->addresses, (range->address_count + 1) * sizeof(*range->addresses));
	range->addresses[range->address_count++] = address;
	return true;
}

static bool read_range(struct sim_lines *lines, struct sim_scenario *scenario, char *rest)
{
	char *word;

	scenario->ranges = realloc(scenario->ranges, (scenario->range_count + 1) * sizeof(*scenario->ranges));
	struct sim_range *range = &scenario->ranges[scenario->range_count++];
	*range = (struct sim_range){.line = lines->number};
	if (!number_from(sim_lines_word(&rest), &range->first) || !number_from(sim_lines_word(&rest), &range->last) ||
	    range->first > range->last)
		return sim_lines_fault(lines, "RANGE_BEGIN needs the first and the last step");
	while ((word = sim_lines_word(&rest)))
		if (!add_address(lines, range, word))
			return false;
	while (sim_lines_next(lines)) {
		if (sim_lines_begins(lines, "RANGE_END", NULL))
			return true;
		if (sim_lines_begins(lines, "ADDRESS", &rest)) {
			do {
				word = sim_lines_word(&rest);
				if (!add_address(lines, range, word ? word : ""))
					return false;
			} while (*(rest + strspn(rest, " \t")));
		} else if (sim_lines_begins(lines, "ENTRY_BEGIN", NULL)) {
			range->entries = realloc(range->entries, (range->entry_count + 1) * sizeof(*range->entries));
			struct sim_entry *entry = &range->entries[range->entry_count++];
			if (!sim_entry_read(lines, entry))
				return false;
		} else {
			return sim_lines_fault(lines, "'%.40s' within a range", lines->text);
		}
	}
	return sim_lines_fault(lines, "no RANGE_END for the range of line %d", range->line);
}

/* ---- steps ---- */

static bool keep_expression(struct sim_lines *lines, struct sim_step *step, const char *text)
{
	static const struct sim_scope form = {0};
	double value;

	if (!sim_expression_value(text, &form, &value))
		return sim_lines_fault(lines, "not a number of seconds: '%s'", text);
	step->elapse = strdup(text);
	return true;
}

static bool read_elapse(struct sim_lines *lines, struct sim_step *step, char *rest)
{
	const char *word = sim_lines_word(&rest);

	if (!word || (strcmp(word, "ELAPSE") != 0 && strcmp(word, "EVAL") != 0))
		return sim_lines_fault(lines, "TIME_PASSES needs ELAPSE and a number of seconds");
	return keep_expression(lines, step, rest);
}

/* "name = expression" */
static bool read_assignment(struct sim_lines *lines, struct sim_step *step, char *rest)
{
	char *equals = strchr(rest, '='), *name;

	if (!equals)
		return sim_lines_fault(lines, "ASSIGN needs a name, '=' and a value");
	*equals = '\0';
	if (!(name = sim_lines_word(&rest)))
		return sim_lines_fault(lines, "ASSIGN needs a name");
	step->variable = strdup(name);
	return keep_expression(lines, step, equals + 1);
}

static bool read_step_address(struct sim_lines *lines, struct sim_step *step, char *rest)
{
	const char *word = sim_lines_word(&rest);

	if (!word || !hf_address_from_text(word, 53, &step->address))
		return sim_lines_fault(lines, "not an address: '%s'", word ? word : "");
	return true;
}

/* Reads on to the line behind the step. */
static bool read_step(struct sim_lines *lines, struct sim_scenario *scenario, char *rest, bool *have_line)
{
	const char *word;

	scenario->steps = realloc(scenario->steps, (scenario->step_count + 1) * sizeof(*scenario->steps));
	struct sim_step *step = &scenario->steps[scenario->step_count++];
	*step = (struct sim_step){.line = lines->number};
	if (!number_from(sim_lines_word(&rest), &step->number))
		return sim_lines_fault(lines, "STEP needs a number");
	word = sim_lines_word(&rest);
	size_t kind = 0, kinds = sizeof(step_kinds) / sizeof(step_kinds[0]);
	while (kind < kinds && (!word || strcmp(step_kinds[kind].word, word) != 0))
		kind++;
	if (kind == kinds)
		return sim_lines_fault(lines, "steps of kind '%s' are not supported", word ? word : "");
	step->kind = step_kinds[kind].kind;
	if (step->kind == SIM_STEP_TIME_PASSES && !read_elapse(lines, step, rest))
		return false;
	if (step->kind == SIM_STEP_ASSIGN && !read_assignment(lines, step, rest))
		return false;
	/* testbound says on the line itself who asks or is asked */
	if (step->kind <= SIM_STEP_REPLY && (word = sim_lines_word(&rest))) {
		if (strcmp(word, "ADDRESS") != 0)
			return sim_lines_fault(lines, "'%s' behind the step's kind", word);
		if (!read_step_address(lines, step, rest))
			return false;
	}
	while ((*have_line = sim_lines_next(lines))) {
		if (sim_lines_begins(lines, "ADDRESS", &rest)) {
			if (!read_step_address(lines, step, rest))
				return false;
		} else if (sim_lines_begins(lines, "FILE_BEGIN", NULL)) {
			if (!read_file(lines, "FILE_END"))
				return false;
		} else if (sim_lines_begins(lines, "ENTRY_BEGIN", NULL) && !step->entry) {
			step->entry = calloc(1, sizeof(*step->entry));
			if (!sim_entry_read(lines, step->entry))
				return false;
		} else {
			break;
		}
	}
	if (step_kinds[kind].needs_entry && !step->entry)
		return sim_lines_fault(lines, "step %u %s has no entry", step->number, step_kinds[kind].word);
	return true;
}

static bool read_body(struct sim_lines *lines, struct sim_scenario *scenario)
{
	char *rest = NULL;
	bool have_line = sim_lines_next(lines);

	if (!have_line || !sim_lines_begins(lines, "SCENARIO_BEGIN", &rest))
		return sim_lines_fault(lines, "expected SCENARIO_BEGIN");
	scenario->title = strdup(rest + strspn(rest, " \t"));
	have_line = sim_lines_next(lines);
	while (have_line) {
		if (sim_lines_begins(lines, "SCENARIO_END", NULL))
			return true;
		if (sim_lines_begins(lines, "RANGE_BEGIN", &rest)) {
			if (!read_range(lines, scenario, rest))
				return false;
			have_line = sim_lines_next(lines);
		} else if (sim_lines_begins(lines, "STEP", &rest)) {
			if (!read_step(lines, scenario, rest, &have_line))
				return false;
		} else {
			return sim_lines_fault(lines, "expected RANGE_BEGIN, STEP or SCENARIO_END, not '%.40s'",
					       lines->text);
		}
	}
	return sim_lines_fault(lines, "no SCENARIO_END");
}

struct sim_scenario *sim_scenario_read(const char *path, char fault[SIM_FAULT_MAX])
{
	struct sim_lines lines = {.path = path, .fault = fault};

	lines.file = fopen(path, "r");
	if (!lines.file) {
		snprintf(fault, SIM_FAULT_MAX, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct sim_scenario *scenario = calloc(1, sizeof(*scenario));
	scenario->path = strdup(path);
	lines.head = true;
	bool good = read_head(&lines, scenario);
	lines.head = false;
	good = good && read_body(&lines, scenario);
	sim_lines_end(&lines);
	if (!good) {
		sim_scenario_free(scenario);
		return NULL;
	}
	return scenario;
}

void sim_scenario_free(struct sim_scenario *scenario)
{
	if (!scenario)
		return;
	for (size_t i = 0; i < scenario->setting_count; i++) {
		free(scenario->settings[i].key);
		free(scenario->settings[i].value);
	}
	for (size_t i = 0; i < scenario->range_count; i++) {
		struct sim_range *range = &scenario->ranges[i];

		for (size_t k = 0; k < range->entry_count; k++)
			sim_entry_end(&range->entries[k]);
		free(range->entries);
		free(range->addresses);
	}
	for (size_t i = 0; i < scenario->step_count; i++)
		if (scenario->steps[i].entry) {
			sim_entry_end(scenario->steps[i].entry);
			free(scenario->steps[i].entry);
		}
	for (size_t i = 0; i < scenario->step_count; i++) {
		free(scenario->steps[i].elapse);
		free(scenario->steps[i].variable);
	}
	free(scenario->settings);
	free(scenario->ranges);
	free(scenario->steps);
	free(scenario->title);
	free(scenario->path);
	free(scenario);
}
