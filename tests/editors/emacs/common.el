;;; common.el --- What the runs of eglot and lsp-mode share  -*- lexical-binding: t; -*-
;; The environment names SPEC (the file), GIVEN (what is done to it) and PLUGIN (our folder).

(require 'cl-lib)
(require 'json)

(setq enable-local-variables :safe create-lockfiles nil make-backup-files nil
      completion-show-help nil completion-auto-help nil)

;; -Q passes over the folders that Debian puts packages into
(dolist (folder '("/usr/share/emacs/site-lisp/elpa/" "/usr/share/emacs/site-lisp/elpa-src/"))
  (when (file-directory-p folder)
    (let ((default-directory folder)) (normal-top-level-add-subdirs-to-load-path))))
(add-to-list 'load-path (getenv "PLUGIN"))

(defvar given (json-read-file (getenv "GIVEN")))
(defun given (key) (alist-get key given))

(defun until (what ask)
  "The first true value of ASK, asked whenever a process has said something.  Fails after 20 seconds."
  (let ((end (+ (float-time) 20)) value)
    (while (not (setq value (funcall ask)))
      (when (> (float-time) end) (error "%s: not within 20 s" what))
      (accept-process-output nil 0.02))
    value))

(defun go-behind (text)
  (goto-char (point-min))
  (search-forward text))

(defun run-steps (run)
  "Calls RUN and ends Emacs; with 1 and a word of why where it fails."
  (condition-case problem
      (progn (funcall run) (princ "all passed\n") (kill-emacs 0))
    (error (princ (format "FAILED: %S\n%s\n" problem (buffer-string))) (kill-emacs 1))))

(defun read-back ()
  (save-buffer)
  (let ((coding-system-for-read 'utf-8-unix))
    (with-temp-buffer (insert-file-contents (getenv "SPEC")) (buffer-string))))
