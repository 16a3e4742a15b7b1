/* LaTeX files as Markdown. */
#include "format_test.h"

static void the_preamble_gives_the_metadata(void **state)
{
	(void)state;
	struct tw_document d =
		parse("x.tex",
		      "\\documentclass{article}\n\\usepackage[english,ngerman]{babel}\n"
		      "\\hypersetup{pdfauthor={Nobody}, pdfkeywords={rope, boat}}\n"
		      "\\title[Short]{On \\emph{ropes}\\\\ and knots\\thanks{Paid for.}}\n"
		      "\\author{Ann B. Lee\\thanks{x}\\\\University \\and Bob Stone}\n"
		      "\\date{March 14, 2021}\n\\newcommand{\\x}[1]{not text}\n\\pagestyle{plain}\n"
		      "\\begin{document}\\maketitle\nText.\n\\end{document}\nnot text\n");
	assert_string_equal(d.title, "On ropes and knots");
	assert_string_equal(d.lang, "de");
	assert_string_equal(day(d.created_ms), "2021-03-14");
	assert_string_equal(d.extra, "{\"tags\":[\"rope\",\"boat\"]}");
	assert_string_equal(body(&d), "Text.\n");
	d = parse("x.tex", "\\documentclass[french,a4paper]{book}\\usepackage{babel}"
			   "\\begin{document}Texte.\\end{document}");
	assert_string_equal(d.lang, "fr");
	d = parse("x.tex", "\\documentclass[french]{book}\\usepackage[english]{babel}"
			   "\\begin{document}Text.\\end{document}");
	assert_string_equal(d.lang, "en");
	d = parse("x.tex", "\\usepackage{babel}\\begin{document}Text.\\end{document}");
	assert_null(d.lang);
}

static void authors_are_names_alone(void **state)
{
	static const struct {
		const char *tex, *author;
	} cases[] = {
		{"\\author{Ann Lee \\and Bob Stone}", "Ann Lee, Bob Stone"},
		{"\\author{Ann Lee\\\\Uni\\\\\\texttt{a@b.org}}", "Ann Lee"},
		{"\\author{Ann Lee}\\affiliation{Uni}\\author{Bob Stone}", "Ann Lee, Bob Stone"},
		{"\\author{Jos\\'e \\AA s}", "José Ås"},
		{"\\author[1]{Ann Lee\\thanks{x}}", "Ann Lee"},
		{"\\hypersetup{pdfauthor={Ann Lee}}", "Ann Lee"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = tw_sprintf(
			&arena, "\\documentclass{article}%s\\begin{document}x\\end{document}",
			cases[i].tex);
		assert_string_equal(parse("x.tex", text).author, cases[i].author);
	}
}

static void a_chapter_without_preamble_is_text(void **state)
{
	(void)state;
	struct tw_document d =
		parse("x.tex", "\\chapter{Knots}\n\nText.\n\n\\section{Bowline}\nMore.\n");
	assert_string_equal(d.title, "Knots");
	assert_string_equal(body(&d), "# Knots\n\nText.\n\n## Bowline\n\nMore.\n");
	assert_body("x.tex",
		    "\\section*{One}\\label{a}\n\\subsection[S]{Two}\n\\paragraph{Three} text\n",
		    "# One\n\n## Two\n\n**Three** text\n");
	assert_body("x.tex", "\\section{One} $\\partial x$", "# One\n\n$\\partial x$\n");
}

static void inline_markup(void **state)
{
	static const struct {
		const char *tex, *md;
	} cases[] = {
		{"\\emph{a} \\textbf{b} \\texttt{c\\_d} {\\bf e} {\\em f} \\underline{g}",
		 "*a* **b** `c_d` **e** *f* *g*\n"},
		{"``a'' `b' --- c -- d\\ldots", "“a” ‘b' — c – d…\n"},
		{"na\\\"{\\i}ve caf\\'e \\c{c}a \\v{s}koda \\~n \\ss\\ \\o{} \\AA",
		 "naïve café ça škoda ñ ß ø Å\n"},
		{"50\\% of \\$5 \\& \\#1 a\\_b \\{c\\}", "50% of $5 & #1 a_b {c}\n"},
		{"a% comment\n b\n% all of it\nc \\% d", "ab c % d\n"},
		{"$a_1 * b$ \\(c\\) $\\$$", "$a_1 * b$ $c$ $\\$$\n"},
		{"\\url{https://x.org/a_b\\%20} \\href{https://y.org}{a \\emph{link}} \\url{local}",
		 "https://x.org/a_b%20 [a *link*](https://y.org) local\n"},
		{"see~\\cite[p.~3]{knuth} in \\ref{sec:a}",
		 "see \\[knuth, p. 3\\] in \\[sec:a\\]\n"},
		{"\\verb|a%b| \\lstinline!c{d! \\lstinline{e} \\texttt{-{}-x\\textbackslash{}~\\{y}",
		 "`a%b` `c{d` `e` `--x\\ {y`\n"},
		{"\\hyperref[sec:a]{text} \\SI{10}{kg} \\protect\\emph{a}", "text 10kg *a*\n"},
		{"\\unknown[opt]{shown} \\unknown x \\textcolor{red}{r}", "shown x r\n"},
		{"a\\\\b\\newline c\n\nd\\par e", "a  \nb  \nc\n\nd\n\ne\n"},
		{"\\LaTeX{} is \\LaTeX\\ is \\LaTeX is", "LaTeX is LaTeX is LaTeXis\n"},
		{"1~km \\vspace{1cm} \\index{x} \\includegraphics[w]{a.png} \\input{b} end",
		 "1 km end\n"},
		{"* a [b] <c>", "* a \\[b\\] \\<c>\n"},
		{"na\\\"\\i ve \\c c\\footnotemark, a\\textbackslash\\textasciitilde",
		 "naïve ç, a\\\\~\n"},
		{"open { brace \\emph{ here", "open brace here\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_body("x.tex", cases[i].tex, cases[i].md);
}

static void macros_without_arguments_are_put_in(void **state)
{
	(void)state;
	assert_body(
		"x.tex",
		"\\newcommand{\\R}{\\mathbb{R}}\\def\\tool{the \\emph{Tool}}\\newcommand\\both{\\tool}"
		"\\newcommand{\\arg}[1]{<#1>}\n"
		"\\renewcommand{\\d}{\\both}\\tool{} $\\R^2$ \\d{} \\arg{x}\n",
		"the *Tool* $\\mathbb{R}^2$ the *Tool* x\n");
	/* One that stands for itself ends somewhere. */
	const char *around = body(&(struct tw_document){
		.body = parse("x.tex", "\\def\\a{x\\b\\b}\\def\\b{y\\a\\a}start \\a{} end\n")
				.body});
	assert_true(tw_starts_with(around, "start x") && tw_ends_with(around, " end\n"));
}

static void environments(void **state)
{
	(void)state;
	assert_body(
		"x.tex",
		"\\begin{itemize}\n\\item one\n  \\begin{enumerate}\\item deep\\end{enumerate}\n"
		"\\item[term] two\n\\end{itemize}\n"
		"\\begin{quote}Said.\\end{quote}\n\\begin{figure}[ht]\\includegraphics{x}\\caption{Shown "
		"\\emph{here}.}\\end{figure}\n"
		"\\begin{lstlisting}[language=Python]\ndef f(): # 100%\n    return '\\x'\n\\end{lstlisting}\n"
		"\\begin{minted}{rust}\nfn x() {}\n\\end{minted}\n\\begin{verbatim}\n"
		"\\emph{raw}\n\\end{verbatim}\n"
		"\\begin{comment}hidden { \\end{comment}\\iffalse hidden \\fi\n"
		"\\begin{tikzpicture}\\draw;\\end{tikzpicture}\n"
		"\\begin{abstract}Short.\\end{abstract}\\newtheorem{satz}{Satz}"
		"\\begin{satz}[Gauss]Holds.\\end{satz}\\begin{proof}Easy.\\end{proof}\n"
		"\\begin{thebibliography}{9}\\bibitem{a} Book\\end{thebibliography}",
		"- one\n  1. deep\n- **term** two\n\n> Said.\n\nShown *here*.\n\n"
		"```python\ndef f(): # 100%\n    return '\\x'\n```\n\n"
		"```rust\nfn x() {}\n```\n\n```\n\\emph{raw}\n```\n\n"
		"**Abstract.** Short.\n\n**Satz (Gauss).** Holds.\n\n"
		"**Proof.** Easy.\n");
}

static void quotations_that_are_commands(void **state)
{
	(void)state;
	assert_body("x.tex",
		    "Own. \\blockquote[Ann]{Said \\emph{so}.} Own.\\epigraph{Said.}{Bob}\n"
		    "A note\\footnote{\\blockquote{Said.}}.",
		    "Own.\n\n> Said *so*.\n\nOwn.\n\n> Said.\n>\n> — Bob\n\n"
		    "A note[^1].\n\n[^1]: “Said.”\n");
}

static void formulas_that_stand_alone(void **state)
{
	(void)state;
	assert_body("x.tex",
		    "Text \\[ x^2 \\] and $$y$$\n\\begin{equation}\\label{e}\n"
		    "a = b\n\\end{equation}\n\\begin{align*}a &= b \\\\\n\n"
		    " c &= d\\end{align*}",
		    "Text\n\n$$\nx^2\n$$\n\nand\n\n$$\ny\n$$\n\n$$\na = b\n"
		    "$$\n\n$$\n\\begin{align*}\na &= b \\\\\n c &= d\n\\end{align*}\n"
		    "$$\n");
}

static void tables(void **state)
{
	(void)state;
	assert_body("x.tex",
		    "\\begin{tabular}{|l|r|}\\hline a & \\textbf{b} \\\\ \\cmidrule(lr){1-2}\n"
		    "\\multicolumn{2}{c}{both}\\\\\n1 & $x | y$ \\\\[2pt]\n"
		    "\\end{tabular}",
		    "| a | **b** |\n| --- | --- |\n| both |  |\n| 1 | $x \\| y$ |\n");
}

static void footnotes(void **state)
{
	(void)state;
	assert_body("x.tex", "One\\footnote{A \\emph{note}.} and two \\footnote{Another.}.\n",
		    "One[^1] and two[^2].\n\n[^1]: A *note*.\n\n[^2]: Another.\n");
}

static void files_of_macros_have_no_text(void **state)
{
	struct tw_document d;
	static const char text[] =
		"% macros\n\\newcommand{\\a}[1]{\\emph{#1}}\n\\usepackage{x}\n\\setlength{\\parindent}{0pt}\n";
	(void)state;
	assert_int_equal(try_parse(&d, "x.tex", text, strlen(text)), TW_SKIPPED);
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {"{",
					     "}",
					     "\\emph{",
					     "\\begin{a}",
					     "\\begin{itemize}\\item ",
					     "$",
					     "$$",
					     "\\(",
					     "\\[",
					     "\\verb|",
					     "\\begin{verbatim}",
					     "\\iffalse",
					     "%",
					     "\\def\\a{\\b\\b}\\def\\b{\\a\\a}\\a ",
					     "\\def\\a{\\a\\a}\\a",
					     "\\footnote{",
					     "\\cite[",
					     "\\author{a \\and ",
					     "\\begin{tabular}{l}a&",
					     "&",
					     "\\\\",
					     "[",
					     "\\a[",
					     "\\\"",
					     "\\c ",
					     "\\begin{quote}",
					     "\\left\\(",
					     "\\'\xc3\xa9",
					     "\\\xc3\xa9",
					     "\xff",
					     "\\begin{tabular}{l}\\begin{itemize}\\item{$",
					     NULL};
	(void)state;
	assert_bears("x.tex", pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_preamble_gives_the_metadata),
		T(authors_are_names_alone),
		T(a_chapter_without_preamble_is_text),
		T(inline_markup),
		T(macros_without_arguments_are_put_in),
		T(environments),
		T(quotations_that_are_commands),
		T(formulas_that_stand_alone),
		T(tables),
		T(footnotes),
		T(files_of_macros_have_no_text),
		T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
