;;; spec-ls.el --- Product specs after your team's template  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages, tools
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Tells eglot and lsp-mode how to start spec-ls, whichever of them you use:
;;
;;     (require 'spec-ls)
;;     (add-hook 'markdown-mode-hook #'eglot-ensure)   ; or #'lsp-deferred
;;
;; A Markdown file that is no spec gets nothing; that is on purpose.

;;; Code:

(defgroup spec-ls nil
  "Product specs in Markdown, after your team's template."
  :group 'tools)

(defcustom spec-ls-command '("spec-ls" "--stdio")
  "The command that starts the server, and its arguments."
  :type '(repeat string))

(defcustom spec-ls-modes '(markdown-mode gfm-mode)
  "The modes of files that may be specs."
  :type '(repeat symbol))

(defvar eglot-server-programs)
(defvar lsp-language-id-configuration)
(declare-function eglot-current-server "eglot")
(declare-function eglot--TextDocumentIdentifier "eglot")
(declare-function jsonrpc-async-request "jsonrpc")
(declare-function lsp-register-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-request-async "lsp-mode")
(declare-function lsp--buffer-uri "lsp-mode")
(declare-function lsp--client-capabilities "lsp-mode")
(declare-function make-lsp-client "lsp-mode")

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs (cons spec-ls-modes spec-ls-command)))

(with-eval-after-load 'lsp-mode
  (dolist (mode spec-ls-modes)
    (add-to-list 'lsp-language-id-configuration (cons mode "markdown")))
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection (lambda () spec-ls-command))
    :major-modes spec-ls-modes
    :server-id 'spec-ls
    ;; lsp-mode counts code points, and older versions do not say so.
    :custom-capabilities (unless (assq 'general (lsp--client-capabilities))
                           '((general . ((positionEncodings . ["utf-32"])))))
    ;; beside another server of Markdown, not in its place
    :add-on? t)))

(defun spec-ls--run (command &rest arguments)
  "Run COMMAND of the server with ARGUMENTS, through the client of this buffer."
  (let ((done (lambda (&rest _) nil))
        (failed (lambda (problem &rest _)
                  (message "spec-ls: %s" (if (hash-table-p problem)
                                             (gethash "message" problem)
                                           (plist-get problem :message)))))
        (command (concat "spec-ls." command)))
    (cond
     ((and (fboundp 'eglot-current-server) (eglot-current-server))
      (jsonrpc-async-request (eglot-current-server) :workspace/executeCommand
                             (list :command command :arguments (vconcat arguments))
                             :success-fn done :error-fn failed))
     ((bound-and-true-p lsp-mode)
      (lsp-request-async "workspace/executeCommand"
                         (list :command command :arguments (vconcat arguments))
                         done :error-handler failed))
     (t (user-error "Neither eglot nor lsp-mode serves this buffer")))))

(defun spec-ls--uri ()
  "The URI of this buffer, as its client calls it."
  (if (and (fboundp 'eglot-current-server) (eglot-current-server))
      (plist-get (eglot--TextDocumentIdentifier) :uri)
    (lsp--buffer-uri)))

;;;###autoload
(defun spec-ls-insert-missing-sections ()
  "Insert all sections that the template asks for and this spec lacks."
  (interactive)
  (spec-ls--run "insertMissingSections" (spec-ls--uri)))

;;;###autoload
(defun spec-ls-advance ()
  "Set the status that follows, or tell what it asks for."
  (interactive)
  (spec-ls--run "advance" (spec-ls--uri)))

;;;###autoload
(defun spec-ls-restart-index ()
  "Look at all specs, people and templates again."
  (interactive)
  (spec-ls--run "restartIndex"))

(provide 'spec-ls)
;;; spec-ls.el ends here
