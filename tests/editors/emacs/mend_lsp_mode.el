;;; mend_lsp_mode.el --- A broken spec is mended through lsp-mode  -*- lexical-binding: t; -*-

(load (expand-file-name "common.el" (file-name-directory load-file-name)))
(require 'lsp-mode)
(require 'lsp-diagnostics)
(require 'lsp-completion)
(require 'markdown-mode)
(require 'spec-ls)
(setq lsp-session-file (make-temp-file "session") lsp-server-install-dir (make-temp-file "servers" t)
      lsp-guess-root-without-session t lsp-auto-guess-root t lsp-restart 'ignore lsp-client-packages nil
      lsp-enabled-clients '(spec-ls) lsp-diagnostics-provider :none lsp-enable-file-watchers nil
      lsp-headerline-breadcrumb-enable nil lsp-enable-snippet nil lsp-modeline-code-actions-enable nil
      lsp-modeline-diagnostics-enable nil lsp-keep-workspace-alive nil lsp-idle-delay 0.05)

(defun findings ()
  (let (found)
    (maphash (lambda (_ all)
               (dolist (one all)
                 (push (cons (lsp:position-line (lsp:range-start (lsp:diagnostic-range one))) (lsp:diagnostic-code? one)) found)))
             (lsp-diagnostics t))
    (mapcar #'cdr (sort found (lambda (a b) (< (car a) (car b)))))))

(defvar wanted nil "What is chosen of the list of proposals.")
(setq completion-in-region-function
      (lambda (start end table &optional pred)
        (let* ((all (all-completions (buffer-substring start end) table pred))
               (one (or (cl-find wanted all :test #'string=) (error "no %s among %S" wanted all))))
          (delete-region start end)
          (insert one)
          (funcall (plist-get completion-extra-properties :exit-function) one 'finished)
          t)))

(defun complete (label)
  (let ((wanted label)) (completion-at-point)))

(run-steps
 (lambda ()
   (lsp-workspace-folders-add (file-name-directory (getenv "SPEC")))
   (find-file (getenv "SPEC"))
   (lsp)
   (until "a server" (lambda () (and (lsp-workspaces) (eq 'initialized (lsp--workspace-status (car (lsp-workspaces)))))))
   (lsp-completion-mode 1)
   (until "two findings" (lambda () (equal (findings) '("invalid-choice" "missing-section"))))

   (go-behind "| Dra")
   (complete "Draft")
   (cl-assert (looking-back "| Draft" (line-beginning-position)) t "the status: %s" (thing-at-point 'line))
   (until "one finding" (lambda () (equal (findings) '("missing-section"))))

   (go-behind (given 'asked))
   (insert (given 'typed))
   (complete (given 'handle))
   (cl-assert (looking-back (regexp-quote (given 'handle)) (line-beginning-position)) t)

   (go-behind "### Goals")
   (backward-char)
   (let ((fix (cl-find-if (lambda (one) (string-match-p "Non-Goals" (lsp:code-action-title one)))
                          (append (lsp-code-actions-at-point) nil))))
     (cl-assert fix t)
     (lsp-execute-code-action fix))
   (until "no finding of a section" (lambda () (not (member "missing-section" (findings)))))
   (let ((text (read-back)))
     (cl-assert (equal text (given 'mended)) t text))))
