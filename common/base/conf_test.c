/* conf_test.c - what conf.c refuses, in which words and on which line; the normal form. */
#include "common/base/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"

#define PREFIXES_MAX 3
#define GUESTS_MAX 4

struct guest {
	char name[32];
	struct in6_addr home;
	struct ip6_prefix prefix[PREFIXES_MAX];
	uint8_t prefixes;
	struct nd_mac mac[2];
	uint8_t macs;
};

struct config {
	int64_t lifetime_ms;
	uint32_t table;
	bool local;
	int datapath;
	char group[8];
	struct in6_addr dns[2];
	uint8_t dnses;
	struct nd_mac gateway;
	struct guest guest[GUESTS_MAX];
	size_t guests;
	struct {
		uint32_t mtu;
	} ra;
	bool has_ra;
	int name_line; /* of the key that end_guest asked for */
};

static const char *const datapaths[] = { "auto", "kernel", "portable", NULL };

static const struct conf_key top_keys[] = {
	{ "lifetime", CONF_MS, offsetof(struct config, lifetime_ms), .min = 4000, .max = 240000,
	    .def = "2m", .doc = "How long." },
	{ "table", CONF_U32, offsetof(struct config, table), .min = 1, .max = 9999, .def = "5200",
	    .doc = "Which." },
	{ "local", CONF_BOOL, offsetof(struct config, local), .def = "no", .doc = "Whether." },
	{ "datapath", CONF_CHOICE, offsetof(struct config, datapath), .choices = datapaths,
	    .def = "auto", .doc = "By what." },
	{ "group", CONF_STRING, offsetof(struct config, group), .max = 7, .def = "",
	    .doc = "Who." },
	{ "dns", CONF_ADDRS, offsetof(struct config, dns), offsetof(struct config, dnses), .max = 2,
	    .def = "{ 2001:db8::53, 2001:db8::54 }", .doc = "Ask." },
	{ "gateway", CONF_MAC, offsetof(struct config, gateway), .def = "02:00:5e:00:52:13",
	    .doc = "Its MAC." },
};

static const struct conf_key guest_keys[] = {
	{ "home-address", CONF_ADDR, offsetof(struct guest, home), .doc = "Its HoA." },
	{ "prefix", CONF_PREFIXES, offsetof(struct guest, prefix), offsetof(struct guest, prefixes),
	    .max = PREFIXES_MAX, .required = true, .doc = "Its own (RFC 3963 4.3)." },
	{ "mac", CONF_MACS, offsetof(struct guest, mac), offsetof(struct guest, macs), .max = 2,
	    .doc = "Whose." },
};

static const struct conf_key ra_keys[] = {
	{ "mtu", CONF_U32, offsetof(struct config, ra.mtu) - offsetof(struct config, ra),
	    .min = 1280, .max = 65535, .doc = "Octets." },
};

static void *
begin_top(void *ctx, const char *title, const struct conf_where *where)
{
	(void)title;
	(void)where;
	return ctx;
}

static void *
begin_guest(void *ctx, const char *title, const struct conf_where *where)
{
	struct config *c = ctx;

	if (strlen(title) >= sizeof(c->guest[0].name)) {
		conf_error(where, "guest", "name too long");
		return NULL;
	}
	if (c->guests == GUESTS_MAX) {
		conf_error(where, "guest", "at most %d of them", GUESTS_MAX);
		return NULL;
	}
	memcpy(c->guest[c->guests].name, title, strlen(title) + 1);
	return &c->guest[c->guests++];
}

static int
end_guest(void *ctx, void *section, const struct conf_where *where)
{
	struct config *c = ctx;
	struct guest *g = section;

	c->name_line = conf_line_of(where, "prefix");
	if (ip6_is_any(&g->home) || g->prefixes == 0)
		return 0;
	if (ip6_prefix_has(&g->prefix[0], &g->home))
		return 0;
	return conf_error(&(struct conf_where){ where->file, conf_line_of(where, "home-address") },
	    "home-address", "not in the prefix");
}

static void *
begin_ra(void *ctx, const char *title, const struct conf_where *where)
{
	struct config *c = ctx;

	(void)title;
	(void)where;
	c->has_ra = true;
	return &c->ra;
}

static const void *
get_top(const void *ctx, size_t i, const char **ret_title)
{
	(void)ret_title;
	return i == 0 ? ctx : NULL;
}

static const void *
get_guest(const void *ctx, size_t i, const char **ret_title)
{
	const struct config *c = ctx;

	if (i >= c->guests)
		return NULL;
	*ret_title = c->guest[i].name;
	return &c->guest[i];
}

static const void *
get_ra(const void *ctx, size_t i, const char **ret_title)
{
	const struct config *c = ctx;

	(void)ret_title;
	return i == 0 && c->has_ra ? &c->ra : NULL;
}

static const struct conf_section sections[] = {
	{ NULL, false, top_keys, countof(top_keys), "All.", begin_top, NULL, get_top },
	{ "guest", true, guest_keys, countof(guest_keys), NULL, begin_guest, end_guest, get_guest },
	{ "ra", false, ra_keys, countof(ra_keys), NULL, begin_ra, NULL, get_ra },
};

/* ---- a directory for files, stderr as a string ---- */

struct world {
	char dir[32];
	char said[4096];
};

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/conf_test.XXXXXX");
	*state = w;
	return mkdtemp(w->dir) && chdir(w->dir) == 0 ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	(void)unlink("a.conf");
	(void)unlink("b.conf");
	(void)unlink("said");
	if (chdir("/") == 0)
		(void)rmdir(w->dir);
	free(w);
	return 0;
}

static void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
load(struct world *w, const char *name, struct config *c)
{
	int saved = dup(STDERR_FILENO), r;
	FILE *f;
	size_t n;

	memset(c, 0, sizeof(*c));
	fflush(stderr);
	assert_non_null(freopen("said", "w", stderr));
	r = conf_load(name, sections, countof(sections), c);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	f = fopen("said", "r");
	n = fread(w->said, 1, sizeof(w->said) - 1, f);
	w->said[n] = '\0';
	fclose(f);
	return r;
}

static char *
print(const struct config *c)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_int_equal(conf_print(out, sections, countof(sections), c), 0);
	fclose(out);
	return text;
}

/* ---- tests ---- */

static void
values_of_every_type_are_read(void **state)
{
	struct config c;
	char text[64];

	put_file("a.conf", "lifetime = 90s // a comment = \"x\n"
			   "table = 7 # it's one\n"
			   "local = yes\ndatapath = \"portable\"\ngroup = 'a#b'\n"
			   "dns = { 2001:db8::1 }\ngateway = 02:00:00:00:00:0A\n"
			   "guest web1 { prefix = {2001:db8:1::/64, \"2001:db8:2::/64\"}\n"
			   "  prefix += { 2001:db8:3::/64 }\n mac = 02:00:00:00:00:01 }\n");
	assert_int_equal(load(*state, "a.conf", &c), 0);
	assert_int_equal(c.lifetime_ms, 90000);
	assert_int_equal(c.table, 7);
	assert_true(c.local);
	assert_int_equal(c.datapath, 2);
	assert_string_equal(c.group, "a#b");
	assert_int_equal(c.dnses, 1);
	assert_int_equal(c.gateway.b[5], 0x0a);
	assert_int_equal(c.guests, 1);
	assert_int_equal(c.guest[0].prefixes, 3);
	assert_string_equal(text_prefix(&c.guest[0].prefix[2], text), "2001:db8:3::/64");
	assert_int_equal(c.guest[0].macs, 1);
	assert_int_equal(c.name_line, 9);
}

static void
defaults_stand_where_nothing_is_written(void **state)
{
	struct config c;

	put_file("a.conf", "");
	assert_int_equal(load(*state, "a.conf", &c), 0);
	assert_int_equal(c.lifetime_ms, 120000);
	assert_int_equal(c.table, 5200);
	assert_int_equal(c.dnses, 2);
	assert_int_equal(c.gateway.b[4], 0x52);
	assert_int_equal(c.guests, 0);
}

static const struct {
	const char *text, *said;
} bad[] = {
	{ "# one\n/* two\n three */\nlivetime = 4s\n", "a.conf:4: livetime: unknown key\n" },
	{ "guest a {\n\tcolour = red\n}\n", "a.conf:2: colour: unknown key\n" },
	{ "bridge x {}\n", "a.conf:1: bridge: unknown key\n" },
	{ "lifetime = 120\n",
	    "a.conf:1: lifetime: 120: not a duration: a number and ms, s, m, h or d\n" },
	{ "lifetime = 2w\n",
	    "a.conf:1: lifetime: 2w: not a duration: a number and ms, s, m, h or d\n" },
	{ "lifetime = 5m\n", "a.conf:1: lifetime: 5m: must be 4s to 4m\n" },
	{ "lifetime = 3999ms\n", "a.conf:1: lifetime: 3999ms: must be 4s to 4m\n" },
	{ "table = 0\n", "a.conf:1: table: 0: must be 1 to 9999\n" },
	{ "table = 99999999999999999999\n",
	    "a.conf:1: table: 99999999999999999999: must be 1 to 9999\n" },
	{ "table = -1\n", "a.conf:1: table: -1: not a whole number\n" },
	{ "local = true\n", "a.conf:1: local: true: must be yes or no\n" },
	{ "datapath = fast\n",
	    "a.conf:1: datapath: fast: must be one of auto, kernel, portable\n" },
	{ "group = operators\n", "a.conf:1: group: operators: must have 0 to 7 characters\n" },
	{ "group = \"a\\nb\"\n", "a.conf:1: group: has a control character in it\n" },
	{ "gateway = 02:00\n", "a.conf:1: gateway: 02:00: not a MAC address\n" },
	{ "dns = { 10.0.0.1 }\n", "a.conf:1: dns: 10.0.0.1: not an IPv6 address\n" },
	{ "guest a { prefix = 2001:db8::1/64 }\n",
	    "a.conf:1: prefix: 2001:db8::1/64: host bits set, 2001:db8::/64 is meant?\n" },
	{ "guest a { prefix = 2001:db8::/129 }\n",
	    "a.conf:1: prefix: 2001:db8::/129: not an IPv6 prefix, ADDRESS/LENGTH\n" },
	{ "guest a { prefix = 2001:db8:: }\n",
	    "a.conf:1: prefix: 2001:db8::: not an IPv6 prefix, ADDRESS/LENGTH\n" },
	{ "guest a {\nprefix = {2001:db8:1::/64,\n2001:db8:2::/64,2001:db8:3::/64,\n"
	  "2001:db8:4::/64}}\n",
	    "a.conf:4: prefix: 2001:db8:4::/64: at most 3 of them\n" },
	{ "table = 1\n\ntable = 2\n", "a.conf:3: table: given twice, first on line 1\n" },
	{ "dns = { 2001:db8::1, 2001:db8::2 }\ndns = { 2001:db8::3 }\n",
	    "a.conf:2: dns: given twice, first on line 1\n" },
	{ "guest a { prefix = 2001:db8:1::/64 }\nguest a { prefix = 2001:db8:2::/64 }\n",
	    "a.conf:2: a: given twice\n" },
	{ "ra { }\nra { }\n", "a.conf:2: ra: given twice\n" },
	{ "guest a {\n\tmac = 02:00:00:00:00:01\n}\n", "a.conf:1: prefix: is missing\n" },
	{ "guest a {\nprefix = 2001:db8:1::/64\nhome-address = 2001:db8:2::1\n}\n",
	    "a.conf:3: home-address: not in the prefix\n" },
	{ "guest a {\nprefix = 2001:db8:1::/64\nmac = x\nhome-address = 2001:db8:2::1\n}\n",
	    "a.conf:3: mac: x: not a MAC address\n" },
	{ "table = 0\nlocal = x\n",
	    "a.conf:1: table: 0: must be 1 to 9999\na.conf:2: local: x: must be yes or no\n" },
	{ "guest a {\n", "a.conf:1: a brace is not closed\n" },
	{ "table = 1\nguest a {\nmac = {\n}\n", "a.conf:2: a brace is not closed\n" },
	{ "table =\n", "a.conf:2: the file ends too early\n" },
	{ "}\n", "a.conf:1: a closing brace too many\n" },
	{ "table\n= 1\nlocal yes\n", "a.conf:3: local: needs an equals sign\n" },
	{ "guest { }\n", "a.conf:1: guest: needs a name in front of the brace\n" },
	{ "table = { 1 }\n", "a.conf:1: {: is not expected here\n" },
	{ "table += 1\n", "a.conf:1: table: is not a list: use = for +=\n" },
	{ "\ngroup = \"abc\n\n", "a.conf:2: a string is not closed\n" },
	{ "/* abc\n\n", "a.conf:1: a comment is not closed\n" },
	{ "include(\"c.conf\")\n", "a.conf:1: include: c.conf: No such file or directory\n" },
	{ "include()\n", "a.conf:1: include: needs one file name\n" },
	{ "guest 12345678901234567890123456789012 {prefix = x}\n",
	    "a.conf:1: guest: name too long\n" },
};

static void
each_error_is_one_line_with_file_line_key_and_reason(void **state)
{
	struct world *w = *state;
	struct config c;

	for (size_t i = 0; i < countof(bad); i++) {
		put_file("a.conf", bad[i].text);
		assert_int_equal(load(w, "a.conf", &c), -EINVAL);
		assert_string_equal(w->said, bad[i].said);
		/* Nothing of the last failure is left in the parser. */
		put_file("a.conf", "table = 3\n");
		assert_int_equal(load(w, "a.conf", &c), 0);
		assert_int_equal(c.table, 3);
	}
}

static void
lines_are_right_in_and_after_an_included_file(void **state)
{
	struct world *w = *state;
	struct config c;

	put_file("b.conf", "# of the guest\n\nprefix = 2001:db8:1::/64\nmac = x\n");
	put_file("a.conf", "guest a {\n\n\tinclude(\"b.conf\")\n\thome-address = y\n}\nz = 1\n");
	assert_int_equal(load(w, "a.conf", &c), -EINVAL);
	assert_string_equal(w->said, "b.conf:4: mac: x: not a MAC address\n"
				     "a.conf:4: home-address: y: not an IPv6 address\n"
				     "a.conf:6: z: unknown key\n");
}

static void
an_included_file_is_sought_beside_the_one_that_names_it(void **state)
{
	struct world *w = *state;
	struct config c;
	char path[64];

	put_file("b.conf", "table = 9\n");
	put_file("a.conf", "include(\"b.conf\")\n");
	snprintf(path, sizeof(path), "%s/a.conf", w->dir);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(chdir(w->dir), 0);
	assert_int_equal(load(w, path, &c), 0);
	assert_int_equal(c.table, 9);
}

static void
a_file_that_includes_itself_is_refused(void **state)
{
	struct world *w = *state;
	struct config c;

	put_file("a.conf", "include(\"a.conf\")\n");
	assert_int_equal(load(w, "a.conf", &c), -EINVAL);
	assert_string_equal(w->said, "a.conf:1: include: includes itself, or too deep\n");
}

static void
a_file_that_cannot_be_read_is_no_syntax_error(void **state)
{
	struct world *w = *state;
	struct config c;

	assert_int_equal(load(w, "none.conf", &c), -ENOENT);
	assert_string_equal(w->said, "none.conf: No such file or directory\n");
	assert_int_equal(load(w, "/tmp", &c), -EISDIR);
}

static void
the_normal_form_loads_to_itself(void **state)
{
	struct config c;
	char *first, *second;

	put_file("a.conf", "ra { }\ngroup = '$\\\\x\\'\"'\nlifetime = 90000ms\ntable = 0005\n"
			   "guest 'a\"b' { prefix = 2001:db8:1:0::/64 }\n"
			   "guest c { prefix = 2001:db8:2::/64 home-address = 2001:db8:2::1 }\n");
	assert_int_equal(load(*state, "a.conf", &c), 0);
	first = print(&c);
	assert_string_equal(first,
	    "lifetime = 90s\ntable = 5\nlocal = no\ndatapath = auto\ngroup = '$\\\\x\\'\"'\n"
	    "dns = { 2001:db8::53, 2001:db8::54 }\ngateway = 02:00:5e:00:52:13\n"
	    "\nguest \"a\\\"b\" {\n\t# home-address: none\n\tprefix = { 2001:db8:1::/64 }\n"
	    "\t# mac: none\n}\n"
	    "\nguest \"c\" {\n\thome-address = 2001:db8:2::1\n\tprefix = { 2001:db8:2::/64 }\n"
	    "\t# mac: none\n}\n"
	    "\nra {\n\t# mtu: none\n}\n");
	put_file("a.conf", first);
	assert_int_equal(load(*state, "a.conf", &c), 0);
	second = print(&c);
	assert_string_equal(first, second);
	free(first);
	free(second);
}

static void
the_manual_names_unit_bounds_and_default(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_int_equal(conf_print_doc(out, sections, countof(sections)), 0);
	fclose(out);
	assert_non_null(strstr(text,
	    ".It Ic lifetime No = Ar duration\nHow long.\n4s to 4m.\nThe default is\n.Ql 2m .\n"));
	assert_non_null(strstr(text, ".Cm auto ,\n.Cm kernel ,\n.Cm portable .\n"));
	assert_non_null(strstr(text, "At most 3.\nMust be given.\n"));
	free(text);
}

static void
a_word_is_read_as_the_file_reads_it(void **state)
{
	struct guest g = { 0 };
	char why[128];
	const struct conf_key *prefix = conf_find(guest_keys, countof(guest_keys), "prefix");

	(void)state;
	assert_null(conf_find(guest_keys, countof(guest_keys), "table"));
	assert_int_equal(conf_set(prefix, &g, "2001:db8:1::/64", why, sizeof(why)), 0);
	assert_int_equal(conf_set(prefix, &g, "2001:db8:2::/64", why, sizeof(why)), 0);
	assert_int_equal(conf_set(prefix, &g, "2001:db8::1/32", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "2001:db8::1/32: host bits set, 2001:db8::/32 is meant?");
	assert_int_equal(g.prefixes, 2);
	assert_string_equal(conf_text(prefix, &g, 1, why, sizeof(why)), "2001:db8:2::/64");
	assert_null(conf_text(prefix, &g, 2, why, sizeof(why)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_type_are_read),
		cmocka_unit_test(defaults_stand_where_nothing_is_written),
		cmocka_unit_test(each_error_is_one_line_with_file_line_key_and_reason),
		cmocka_unit_test(lines_are_right_in_and_after_an_included_file),
		cmocka_unit_test(an_included_file_is_sought_beside_the_one_that_names_it),
		cmocka_unit_test(a_file_that_includes_itself_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_is_no_syntax_error),
		cmocka_unit_test(the_normal_form_loads_to_itself),
		cmocka_unit_test(the_manual_names_unit_bounds_and_default),
		cmocka_unit_test(a_word_is_read_as_the_file_reads_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
