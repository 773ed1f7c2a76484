/* SARIF: one run, one driver with all rules, a result a finding. */
#include "sarif.h"

static const char *level_of(enum scan_severity severity)
{
	return severity >= SCAN_HIGH ? "error" : severity == SCAN_MEDIUM ? "warning" : "note";
}

static struct json *text_of(const char *s)
{
	struct json *text = js_obj();

	js_set(text, "text", js_str(s));
	return text;
}

static struct json *rules_of(void)
{
	/* The scale that GitHub reads from a rule. */
	static const char *const scores[] = { "3.0", "5.5", "8.0", "9.5" };
	struct json *rules = js_arr();

	for (const struct scan_rule *r = mlops_scan_rules(); r->id; r++) {
		struct json *rule = js_obj(), *config = js_obj(), *properties = js_obj();

		js_set(config, "level", js_str(level_of(r->severity)));
		js_set(properties, "security-severity", js_str(scores[r->severity]));
		js_set(rule, "id", js_str(r->id));
		js_set(rule, "shortDescription", text_of(r->title));
		js_set(rule, "defaultConfiguration", config);
		js_set(rule, "properties", properties);
		js_push(rules, rule);
	}
	return rules;
}

/* A path as a URI reference: what means something in one is escaped. */
static char *uri_of(const char *path)
{
	autobuf uri = { 0 };

	if (*path == '/')
		strbuf_adds(&uri, "file://");
	for (const char *c = path; *c; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
			     strchr("-._~/", *c);

		if (plain)
			strbuf_addc(&uri, *c);
		else
			strbuf_addf(&uri, "%%%02X", (unsigned)(unsigned char)*c);
	}
	return strbuf_steal(&uri);
}

static struct json *location_of(const struct scan_finding *f)
{
	struct json *location = js_obj(), *physical = js_obj(), *artifact = js_obj();
	autofree char *uri = uri_of(f->file);

	js_set(artifact, "uri", js_str(uri));
	js_set(physical, "artifactLocation", artifact);
	if (f->member) {
		struct json *names = js_arr(), *name = js_obj();
		autofree char *full = xasprintf("%s!%s", f->file, f->member);

		js_set(name, "fullyQualifiedName", js_str(full));
		js_set(name, "kind", js_str("resource"));
		js_push(names, name);
		js_set(location, "logicalLocations", names);
	} else {
		struct json *region = js_obj();

		js_set(region, "byteOffset", js_int((int64_t)f->offset));
		js_set(region, "byteLength", js_int(0));
		js_set(physical, "region", region);
	}
	js_set(location, "physicalLocation", physical);
	return location;
}

static struct json *results_of(const struct scan_report *report)
{
	struct json *results = js_arr();

	for (size_t i = 0; i < report->n; i++) {
		const struct scan_finding *f = &report->findings[i];
		struct json *result = js_obj(), *locations = js_arr();

		js_push(locations, location_of(f));
		js_set(result, "ruleId", js_str(f->rule->id));
		js_set(result, "ruleIndex", js_int(f->rule - mlops_scan_rules()));
		js_set(result, "level", js_str(level_of(f->rule->severity)));
		js_set(result, "message", text_of(f->message));
		js_set(result, "locations", locations);
		js_push(results, result);
	}
	return results;
}

struct json *sarif_of(const struct scan_report *report)
{
	struct json *top = js_obj(), *runs = js_arr(), *run = js_obj(), *tool = js_obj(), *driver = js_obj();

	js_set(driver, "name", js_str("mlops scan"));
	js_set(driver, "version", js_str(MLOPS_VERSION));
	js_set(driver, "rules", rules_of());
	js_set(tool, "driver", driver);
	js_set(run, "tool", tool);
	js_set(run, "results", results_of(report));
	js_push(runs, run);
	js_set(top, "$schema", js_str("https://json.schemastore.org/sarif-2.1.0.json"));
	js_set(top, "version", js_str("2.1.0"));
	js_set(top, "runs", runs);
	return top;
}
