/* nemoctl_test.c - the program as it is built, against a control socket in this process. */
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/sys/ctl.h"

#define PATIENCE_S 20. /* a test that takes so long has failed */

struct world {
	struct ev_loop *loop;
	struct ctl *ctl;
	ev_child child;
	ev_timer patience;
	bool over;
	int status; /* exit status; -1: a signal, or out of patience */
	char dir[32], path[64], out_path[64], err_path[64];
	char out[4096], err[4096];
};

/* ---- what the daemon knows ---- */

static void
run_show_one(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	(void)argc;
	ctl_line(
	    call, json_pack("{s:s, s:i, s:n, s:[], s:[s,s], s:b, s:s}", "name", argv[0], "seq", 17,
		      "coa", "macs", "prefixes", "a/64", "b/64", "bound", 1, "odd", "a\x1b[1mb"));
}

static void
run_show_table(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	(void)argc;
	(void)argv;
	ctl_line(call, json_pack("{s:s, s:i, s:[s]}", "name", "w", "left_s", 100, "macs", "m1"));
	ctl_line(call, json_pack("{s:s, s:i, s:[s,s]}", "name", "l\xc3\xa4nger", "left_s", 7,
			   "macs", "m2", "m3"));
	ctl_line(call, json_pack("{s:n}", "name"));
}

static void
run_show_text(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	(void)argc;
	(void)argv;
	ctl_line(call, json_pack("{s:s}", "text", "a = b\nc = d\n"));
}

static void
run_refuse(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	ctl_fail(call, argc > 0 ? argv[0] : "refused", "no reason");
}

static const struct ctl_verb verbs[] = {
	{ "show one", false, run_show_one, NULL, NULL },
	{ "show table", false, run_show_table, NULL, NULL },
	{ "show text", false, run_show_text, NULL, NULL },
	{ "refuse", false, run_refuse, NULL, NULL },
};

/* ---- run it ---- */

static void
on_exit_of_it(struct ev_loop *loop, ev_child *c, int events)
{
	struct world *w = container_of(c, struct world, child);

	(void)events;
	ev_child_stop(loop, c);
	w->status = WIFEXITED(c->rstatus) ? WEXITSTATUS(c->rstatus) : -1;
	w->over = true;
}

static void
on_patience_lost(struct ev_loop *loop, ev_timer *t, int events)
{
	struct world *w = container_of(t, struct world, patience);

	(void)loop;
	(void)events;
	w->status = -1;
	w->over = true;
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/nemoctl_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/x.ctl", w->dir);
	snprintf(w->out_path, sizeof(w->out_path), "%s/out", w->dir);
	snprintf(w->err_path, sizeof(w->err_path), "%s/err", w->dir);
	w->loop = ev_default_loop(EVFLAG_AUTO);
	*state = w;
	return ctl_open(&w->ctl, w->loop, w->path, NULL, verbs, countof(verbs), w);
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	ev_child_stop(w->loop, &w->child);
	ev_timer_stop(w->loop, &w->patience);
	ctl_close(w->ctl);
	(void)unlink(w->out_path);
	(void)unlink(w->err_path);
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

static void
start(struct world *w, const char *const *args)
{
	char *argv[16] = { (char *)(uintptr_t) "nemoctl" };
	posix_spawn_file_actions_t files;
	pid_t pid;

	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(
	    &files, 1, w->out_path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	posix_spawn_file_actions_addopen(
	    &files, 2, w->err_path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_int_equal(posix_spawn(&pid, NEMOCTL, &files, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&files);
	w->over = false;
	ev_child_init(&w->child, on_exit_of_it, pid, 0);
	ev_child_start(w->loop, &w->child);
	ev_timer_init(&w->patience, on_patience_lost, PATIENCE_S, 0.);
	ev_timer_start(w->loop, &w->patience);
}

static void
slurp(const char *path, char *to, size_t len)
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(to, 1, len - 1, f);
	to[n] = '\0';
	fclose(f);
}

static int
finish(struct world *w)
{
	while (!w->over)
		ev_run(w->loop, EVRUN_ONCE);
	ev_timer_stop(w->loop, &w->patience);
	slurp(w->out_path, w->out, sizeof(w->out));
	slurp(w->err_path, w->err, sizeof(w->err));
	return w->status;
}

#define run(w, ...) (start(w, (const char *const[]){ __VA_ARGS__, NULL }), finish(w))

/* ---- tests ---- */

static void
one_object_is_lines_of_key_and_value(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, "-s", w->path, "show", "one", "a \"b\""), 0);
	assert_string_equal(w->out,
	    "name: a \"b\"\nseq: 17\ncoa: -\nmacs: -\nprefixes: a/64,b/64\nbound: yes\n"
	    "odd: a?[1mb\n");
	assert_string_equal(w->err, "");
}

static void
several_objects_are_a_table(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, "-s", w->path, "mrd", "show", "table"), 0);
	assert_string_equal(w->out, "name    left_s  macs\n"
				    "w       100     m1\n"
				    "l\xc3\xa4nger  7       m2,m3\n"
				    "-       -       -\n");
}

static void
a_text_is_printed_as_it_is(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, "-s", w->path, "show", "text"), 0);
	assert_string_equal(w->out, "a = b\nc = d\n");
}

static void
json_is_the_daemons_lines(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, "-j", "-s", w->path, "show", "text"), 0);
	assert_string_equal(w->out, "{\"text\":\"a = b\\nc = d\\n\"}\n{\"ok\":true}\n");
	assert_int_equal(run(w, "-j", "-s", w->path, "refuse"), 1);
	assert_string_equal(
	    w->out, "{\"ok\":false,\"error\":\"refused\",\"message\":\"no reason\"}\n");
}

static void
the_exit_status_says_what_went_wrong(void **state)
{
	struct world *w = *state;

	assert_int_equal(run(w, "-s", w->path, "refuse"), 1);
	assert_string_equal(w->err, "nemoctl: refused: no reason\n");
	assert_int_equal(run(w, "-s", w->path, "refuse", "usage"), 2);
	assert_int_equal(run(w, "-s", w->path, "frob"), 2);
	assert_string_equal(w->err, "nemoctl: usage: frob: unknown, try help\n");
	assert_int_equal(run(w, "-s", w->path, "a\nb"), 2);
	assert_int_equal(run(w, "-s", w->path), 2);
	assert_int_equal(run(w, "-s", w->path, "had"), 2);
	assert_int_equal(run(w, "-x"), 2);
	assert_int_equal(run(w, "-h"), 0);
	assert_int_equal(strncmp(w->out, "usage: nemoctl ", 15), 0);
	assert_int_equal(run(w, "-V"), 0);
	assert_int_equal(run(w, "-s", "/nonexistent/x.ctl", "show", "one"), 3);
	assert_string_equal(w->err, "nemoctl: /nonexistent/x.ctl: No such file or directory\n");
}

static void
events_come_one_by_one_until_the_daemon_stops(void **state)
{
	struct world *w = *state;

	start(w, (const char *const[]){ "-s", w->path, "monitor", NULL });
	while (!w->over && !ctl_is_monitored(w->ctl))
		ev_run(w->loop, EVRUN_ONCE);
	ctl_event(w->ctl, "moved",
	    json_pack("{s:s, s:[s,s]}", "hoa", "2001:db8::1", "prefixes", "a/64", "b/64"));
	ctl_close(w->ctl);
	w->ctl = NULL;
	assert_int_equal(finish(w), 3);
	assert_non_null(strstr(w->out, "Z monitor\n"));
	assert_non_null(strstr(w->out, "Z moved hoa=2001:db8::1 prefixes=a/64,b/64\n"));
	assert_string_equal(w->err, "nemoctl: closing: the daemon stops\n");
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(one_object_is_lines_of_key_and_value),
		test(several_objects_are_a_table),
		test(a_text_is_printed_as_it_is),
		test(json_is_the_daemons_lines),
		test(the_exit_status_says_what_went_wrong),
		test(events_come_one_by_one_until_the_daemon_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
