/*
 * base/sandbox.h: takes rights away from the calling process, for good, before it reads what strangers wrote.
 *
 * Three layers, each as far as the kernel has it: Landlock (which files; TCP; signals to others), seccomp (a list of the
 * system calls that may be made; any other fails with EPERM), and limits. What the process starts later stands under the
 * same. Nothing is given back, and nothing that is open already is closed. What was not enforced is told, so that the
 * caller can say it. Call it in a process with one thread: others would keep their rights.
 *
 * To let what is inside run a program, say pdftotext: `run` has its whole path ("/usr/bin/pdftotext"); then fork(), pipes,
 * dup2(), execve(), waitpid() and kill() work inside, and so does posix_spawn(). The program finds its loader, libraries
 * and data below /usr, which everybody may read, and gets no more than the caller has: no other files, no network. What
 * else it must read is put into `read`. Other programs can't be executed as they are; the loader alone could still map
 * one, but not out of the sandbox. Limits count for each process by itself; TW_SANDBOX_FILES may lack, so give bytes
 * through pipes, never a name. Without `write` nothing is opened for writing, not /dev/null either.
 */
#ifndef TW_BASE_SANDBOX_H
#define TW_BASE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Lists of paths end in NULL and may be NULL. A folder stands for all below it. What does not exist is passed over. */
struct tw_sandbox {
	const char *const *read;
	const char *const *write; /* read, too; files and folders are made and removed in it */
	const char *const *run;	  /* programs that may be executed */
	bool sockets;		  /* speaks to hosts by itself */
	int64_t memory;	   /* bytes of address space beyond what is there now; 0: as before */
	int64_t file_size; /* bytes of a file that is written; -1: as before */
	int cpu_s;	   /* seconds of the processor; 0: as before */
};

/* What stands. */
enum tw_sandbox_layer {
	TW_SANDBOX_FILES = 1, /* Landlock */
	TW_SANDBOX_CALLS = 2, /* seccomp */
	TW_SANDBOX_LIMITS = 4,
	TW_SANDBOX_ALL = 7,
};

/* The layers that stand from now on, as a sum. */
unsigned tw_sandbox_enter(const struct tw_sandbox *box);

/* The same, tried out in a child: what this machine can do. */
unsigned tw_sandbox_probe(void);

/* Warns, once in a process, when something is missing for who reads `what`. */
void tw_sandbox_warn(const char *what, unsigned layers);

/* Appends what is missing and what that means, "" when all stands: "Landlock (…), seccomp (…)". */
void tw_sandbox_lacks(struct tw_str *out, unsigned layers);

#endif
